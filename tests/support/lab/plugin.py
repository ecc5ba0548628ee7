"""An nbdkit plugin: a device on a file (`image=`) that appends each write and flush to a log (`log=`), see
recording.py. One call at a time, so that the log's order is the device's.
"""

import os
import struct

API_VERSION = 2
_RECORD = struct.Struct("<cQI")
_paths = {}
_image = _log = -1


def config(key, value):
    _paths[key] = value


def get_ready():
    global _image, _log
    _image = os.open(_paths["image"], os.O_RDWR)
    _log = os.open(_paths["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)


def thread_model():
    import nbdkit

    return nbdkit.THREAD_MODEL_SERIALIZE_ALL_REQUESTS


def open(readonly):
    return 1


def get_size(handle):
    return os.fstat(_image).st_size


def can_flush(handle):
    return True


def pread(handle, buffer, offset, flags):
    os.preadv(_image, [buffer], offset)


def pwrite(handle, buffer, offset, flags):
    data = bytes(buffer)
    os.pwrite(_image, data, offset)
    os.write(_log, _RECORD.pack(b"W", offset, len(data)) + data)


def flush(handle, flags):
    os.write(_log, _RECORD.pack(b"F", 0, 0))
