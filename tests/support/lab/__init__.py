"""The power-cut laboratory: a real file system on a device that remembers every write and flush, so that every state
that a power cut can leave of it can be made, mounted and opened.

    device.py      the device: nbdkit with plugin.py, nbdfuse, a loop device
    workload.py    a real server writes to journals on it, and what was acknowledged when is noted
    recording.py   the device's log, cut at its flushes
    states.py      which of the writes behind a flush a power cut may keep
    mounting.py    a state as a mounted file system
    verdict.py     what recovery makes of it, held against what was acknowledged
    run.py         all of it for one file system

What the device promises is what the kernel counts on: a write that a flush followed is there; of the others any
may be there or not, and of each any of its 512-byte sectors.
"""
