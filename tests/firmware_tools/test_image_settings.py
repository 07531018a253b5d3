"""Settings of the operating system: what is refused, and what they come to with and without cloud-init."""

from pathlib import Path

import pytest
import yaml

from firmware_tools.errors import MistakeError
from firmware_tools.image.cloud_init import cloud_init_files
from firmware_tools.image.cloud_init_none import plain_files
from firmware_tools.image.cloud_init_settings import SystemSettings, host_name, read_settings
from tests.rigs.customised import HASH, KEY, SETTINGS


def settings(tmp_path: Path, text: str, mode: int = 0o600) -> SystemSettings:
    path = tmp_path / "settings.yaml"
    path.write_text(text)
    path.chmod(mode)
    return read_settings(path)


def test_nothing_is_wanted_by_an_empty_file(tmp_path: Path) -> None:
    assert settings(tmp_path, "") == SystemSettings()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("hostnam: a", "hostnam: Extra inputs"),
        ("hostname: A_b", "hostname"),
        ("timezone: ../../etc/passwd", "timezone"),
        ("users: [{name: ada}]", "could not log in"),
        ("users: [{name: ada, password_hash: hunter2secret}]", "openssl passwd -6"),
        ('users: [{name: ada, ssh_keys: ["hunter2secret\\nx"]}]', "public keys"),
        ("users: [{name: 'a b', ssh_keys: []}]", "name"),
        ("wifi: {ssid: home, password: short, country: DE}", "8 to 63"),
        ("wifi: {ssid: home, password: hunter2secret, country: germany}", "country"),
        ('wifi: {ssid: "a\\nb", country: DE}', "1 to 32 bytes"),
        ("a: [", "no YAML"),
        ("- a", "valid dictionary"),
    ],
)
def test_mistakes_are_named_and_no_value_is_shown(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(MistakeError, match=why) as told:
        settings(tmp_path, text)
    assert "hunter2secret" not in str(told.value)


def test_secrets_are_not_open_to_others(tmp_path: Path) -> None:
    text = "wifi: {ssid: home, password: hunter2secret, country: DE}"
    assert settings(tmp_path, text).wifi
    with pytest.raises(MistakeError, match="open to others"):
        settings(tmp_path, text, 0o644)
    assert settings(tmp_path, "timezone: Europe/Berlin", 0o644)
    assert "hunter2secret" not in repr(settings(tmp_path, text))


@pytest.mark.parametrize(
    ("name", "device", "host"),
    [("", "shed", "shed"), ("", "Shed_2", "shed-2"), ("attic", "shed", "attic"), ("", "_", "foresight")],
)
def test_a_device_has_a_name_in_its_network(name: str, device: str, host: str) -> None:
    assert host_name(SystemSettings(hostname=name), device) == host


def test_without_wishes_only_the_name_is_set() -> None:
    files = cloud_init_files(SystemSettings(), "shed")
    assert set(files) == {"user-data", "meta-data"}
    told = yaml.safe_load(files["user-data"])
    assert told == {"hostname": "shed", "manage_etc_hosts": True, "ssh_pwauth": False}


def test_cloud_init_is_told_what_the_official_tools_tell_it() -> None:
    files = cloud_init_files(SETTINGS, "shed")
    assert files["user-data"].startswith(b"#cloud-config\n")
    user = yaml.safe_load(files["user-data"])["users"][0]
    assert (user["name"], user["passwd"], user["ssh_authorized_keys"]) == ("ada", HASH, [KEY])
    assert user["lock_passwd"] is False
    network = yaml.safe_load(files["network-config"])["network"]
    assert network["wifis"]["wlan0"]["regulatory-domain"] == "DE"
    assert network["wifis"]["wlan0"]["access-points"] == {"home": {"password": "correct horse battery"}}
    assert network["ethernets"]["eth0"]["dhcp4"] is True


@pytest.mark.parametrize("ssid", ["a: b", "#x", "'\"\\", "null", "01", "Käsebrot", "{}"])
def test_odd_names_reach_netplan_whole(ssid: str) -> None:
    wanted = SystemSettings.model_validate({"wifi": {"ssid": ssid, "password": "0123456789", "country": "DE"}})
    told = yaml.safe_load(cloud_init_files(wanted, "shed")["network-config"])
    assert told["network"]["wifis"]["wlan0"]["access-points"] == {ssid: {"password": "0123456789"}}


def test_another_instance_where_anything_differs() -> None:
    one = cloud_init_files(SETTINGS, "shed")["meta-data"]
    assert one == cloud_init_files(SETTINGS, "shed")["meta-data"]
    assert one != cloud_init_files(SETTINGS, "barn")["meta-data"]


def test_key_files_of_network_manager_hold_any_password() -> None:
    wanted = SystemSettings.model_validate({"wifi": {"ssid": "ä", "password": " back\\slash", "country": "DE"}})
    text = next(data for data, _ in plain_files(wanted, "shed").files.values() if b"[wifi]" in data).decode()
    assert "psk=\\sback\\\\slash\n" in text
    assert "ssid=195;164;\n" in text


def test_a_system_without_cloud_init_knows_one_user() -> None:
    users = [{"name": name, "ssh_keys": [KEY]} for name in ("ada", "bob")]
    with pytest.raises(MistakeError, match="knows one user"):
        plain_files(SystemSettings.model_validate({"users": users}), "shed")
    one = plain_files(SystemSettings.model_validate({"users": users[:1]}), "shed")
    assert one.boot == {"userconf.txt": b"ada:*\n"}
