from __future__ import annotations

import re
from pathlib import Path

import pytest

from everstore.config.load import load
from everstore.config.settings import BY_NAME, SETTINGS, Settings
from everstore.errors import ConfigError

NOTHING: dict[str, str] = {}


def loaded(file: Path | None = None, variables: dict[str, str] = NOTHING, **options: str) -> Settings:
    given = {name.replace("_", "-"): text for name, text in options.items()}
    return load(given, variables, str(file) if file else None)


def test_without_anything_the_defaults_hold() -> None:
    settings = loaded()
    assert (settings.host, settings.port, settings.durability, settings.max_request) == (
        "127.0.0.1",
        6929,
        "fsync",
        16 * 1024**2,
    )
    assert settings.default_password


def test_the_command_line_goes_before_the_environment_and_that_before_the_file(tmp_path: Path) -> None:
    file = tmp_path / "everstore.toml"
    file.write_text('port = 1\nworkers = 3\nmax-request = "1 MiB"\ntransaction_lifetime = 2.5\n')
    settings = loaded(file, {"EVERSTORE_PORT": "2", "EVERSTORE_WORKERS": "4"}, port="5")
    assert (settings.port, settings.workers, settings.max_request, settings.transaction_lifetime) == (
        5,
        4,
        1024**2,
        2.5,
    )


def test_every_setting_can_come_from_every_source(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s\n")
    texts = {
        "host": "localhost", "port": "7", "journals": "j", "workers": "9", "durability": "os", "user": "u",
        "password-file": str(secret), "password": "p", "max-connections": "8", "max-request": "2048",
        "max-memory": "8MiB", "idle-timeout": "77",
        "transaction-lifetime": "3", "log-level": "debug", "log-format": "json",
        "tls-certificate": "c", "tls-key": "k",
    }  # fmt: skip
    assert set(texts) | {"users"} == {setting.name for setting in SETTINGS}, "users does not go with the user"
    file = tmp_path / "all.toml"
    file.write_text("".join(f'{name} = "{text}"\n' for name, text in texts.items()))
    by_file = loaded(file)
    by_environment = load({}, {BY_NAME[name].variable: text for name, text in texts.items()}, None)
    by_option = load(dict(texts), {}, None)
    assert by_file == by_environment == by_option
    assert by_file.password == "s"


def test_the_originals_settings_are_read(tmp_path: Path) -> None:
    file = tmp_path / "settings.conf"
    file.write_text(
        "# the original's\njournalDir=old/journals\nnumWorkers=5\nmaxConnections=9\nport=6930\n"
        "maxJournalLifeTime=30\nmaxBufferSize=65536\nlogLevel=6\n\nno equals sign\n"
    )
    settings = loaded(file)
    assert (settings.journals, settings.workers, settings.max_connections, settings.port) == (
        "old/journals",
        5,
        9,
        6930,
    )
    assert (settings.transaction_lifetime, settings.max_request, settings.log_level) == (30, 65536, "debug")


@pytest.mark.parametrize(
    ("option", "text", "allowed"),
    [
        ("port", "65536", "a whole number from 0 to 65535"),
        ("port", "-1", "a whole number from 0 to 65535"),
        ("workers", "0", "a whole number from 1 to 256"),
        ("durability", "maybe", "one of fsync, os"),
        ("max-request", "1023", "a size from 1KiB to 1GiB, such as 16MiB or 16777216"),
        ("max-request", "16 parsecs", "a size from 1KiB to 1GiB"),
        ("transaction-lifetime", "0", "a number of seconds from 0.1 to 86400"),
        ("log-level", "loud", "one of debug, info, warning, error"),
        ("user", "x" * 33, "a user name of 1 to 32 bytes"),
        ("journals", "a\nb", "a directory of 1 to 4000 bytes without control characters"),
    ],
)
def test_a_wrong_value_says_which_where_from_and_what_it_may_be(
    tmp_path: Path, option: str, text: str, allowed: str
) -> None:
    variable = "EVERSTORE_" + option.replace("-", "_").upper()
    file = tmp_path / "everstore.toml"
    file.write_text(f"{option} = '''{text}'''\n")
    for called, source, give in [
        (f"--{option}", "command line", lambda: load({option: text}, {}, None)),
        (variable, "environment", lambda: load({}, {variable: text}, None)),
        (option, str(file), lambda: load({}, {}, str(file))),
    ]:
        with pytest.raises(ConfigError) as refused:
            give()
        assert str(refused.value).startswith(f"{called} ({source}) is {text!r}; it may be {allowed}")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.toml", "prot = 1", "prot in {} is not a setting; is port meant?"),
        ("x.toml", "zzz = 1", "zzz in {} is not a setting; settings are host, port"),
        ("x.toml", "port = [1]", "port in {} is a list; it is written as a string or a number"),
        ("x.toml", "port", "--config: {} is not TOML"),
        ("settings.conf", "numWorker=1", "numWorker in {} is not a setting; is numWorkers meant?"),
        (
            "settings.conf",
            "logLevel=0",
            "logLevel in {} is '0'; it may be a number from 1 (errors only) to 9",
        ),
        ("settings.conf", "port=abc", "port ({}) is 'abc'; it may be a whole number"),
    ],
)
def test_a_wrong_file_says_what_is_wrong_with_it(tmp_path: Path, name: str, content: str, message: str) -> None:
    file = tmp_path / name
    file.write_text(content)
    with pytest.raises(ConfigError) as refused:
        loaded(file)
    assert str(refused.value).startswith(message.format(file))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"--config: .*nowhere\.toml cannot be read: No such file"):
        loaded(tmp_path / "nowhere.toml")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_other_machines_need_a_password_of_their_own(host: str) -> None:
    for variables in (NOTHING, {"EVERSTORE_PASSWORD": "passwd"}):
        with pytest.raises(ConfigError, match="--password-file FILE or EVERSTORE_PASSWORD"):
            loaded(None, variables, host=host)
    settings = loaded(None, {"EVERSTORE_PASSWORD": "own"}, host=host)
    assert (settings.password, settings.default_password) == ("own", False)


@pytest.mark.parametrize("content", ["", "\n", "x" * 33 + "\n"])
def test_a_password_file_without_a_password_is_refused(tmp_path: Path, content: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text(content)
    with pytest.raises(ConfigError, match="a password has 1 to 32"):
        loaded(password_file=str(secret))


def test_a_secret_is_in_no_error_message() -> None:
    with pytest.raises(ConfigError) as refused:
        loaded(None, {"EVERSTORE_PASSWORD": "s3cret" * 9})
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("host", ["a..b", "." + "x" * 64, "no such name", "x" * 64 + ".example"])
def test_a_host_that_cannot_be_one_is_said(host: str) -> None:
    with pytest.raises(ConfigError, match=f"--host {re.escape(host)} has no address"):
        loaded(host=host)


def test_a_file_of_users_comes_from_every_source_and_opens_the_server_to_other_machines(tmp_path: Path) -> None:
    file = tmp_path / "everstore.toml"
    file.write_text("users = 'u.json'\n")
    found = [
        loaded(file, host="0.0.0.0"),
        loaded(None, {"EVERSTORE_USERS": "u.json"}, host="0.0.0.0"),
        loaded(users="u.json", host="0.0.0.0"),
    ]
    assert {(each.users, each.default_password) for each in found} == {("u.json", False)}


@pytest.mark.parametrize(
    ("variable", "setting"),
    [("EVERSTORE_USER", "user"), ("EVERSTORE_PASSWORD", "s3cret"), ("EVERSTORE_PASSWORD_FILE", "f")],
)
def test_a_file_of_users_and_a_user_contradict_each_other(variable: str, setting: str) -> None:
    with pytest.raises(ConfigError) as refused:
        loaded(None, {variable: setting}, users="u.json")
    assert str(refused.value).startswith(f"{variable} (environment) is for a server without a file of users")
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("only", ["tls_certificate", "tls_key"])
def test_a_certificate_and_its_key_go_together(only: str) -> None:
    with pytest.raises(ConfigError, match="--tls-certificate and --tls-key go together"):
        loaded(**{only: "file"})


@pytest.mark.parametrize("value", ["1" * 5000, "0x" + "f" * 5000, "[" * 5000])
def test_what_no_toml_reader_takes_is_said_as_any_other_mistake(tmp_path: Path, value: str) -> None:
    file = tmp_path / "everstore.toml"
    file.write_text(f"port = {value}\n")
    with pytest.raises(ConfigError, match="is not TOML"):
        loaded(file)
