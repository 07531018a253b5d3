"""Home Assistant's published rules for what is announced over MQTT, as a JSON Schema.

Source: home-assistant.io, "MQTT" (discovery payload, availability, origin) and "MQTT Binary sensor", "Button", "Image",
"Number", "Sensor", "Switch", "Update" (configuration variables), 2025.12; developers.home-assistant.io, "Sensor entity"
and "Binary sensor entity" (device classes, state classes). A key that is not listed is refused by Home Assistant too.
"""

from typing import Any

TOPIC = {"type": "string", "minLength": 1, "maxLength": 65535, "pattern": "^[^+#\\u0000]+$"}
TEXT = {"type": "string", "minLength": 1}
TEMPLATE = {"type": "string", "pattern": "{{.*}}"}
AVAILABILITY = {
    "type": "array",
    "minItems": 1,
    "items": {
        "type": "object",
        "additionalProperties": False,
        "required": ["topic"],
        "properties": {
            "topic": TOPIC,
            "payload_available": TEXT,
            "payload_not_available": TEXT,
            "value_template": TEMPLATE,
        },
    },
}
SHARED: dict[str, Any] = {
    "platform": TEXT,
    "name": TEXT,
    "unique_id": {"type": "string", "pattern": "^[a-zA-Z0-9_-]+$"},
    "default_entity_id": {"type": "string", "pattern": "^[a-z_]+\\.[a-z0-9_]+$"},
    "entity_category": {"enum": ["config", "diagnostic"]},
    "icon": {"type": "string", "pattern": "^mdi:[a-z0-9-]+$"},
    "enabled_by_default": {"type": "boolean"},
    "availability": AVAILABILITY,
    "availability_mode": {"enum": ["all", "any", "latest"]},
    "qos": {"enum": [0, 1, 2]},
    "value_template": TEMPLATE,
    "json_attributes_topic": TOPIC,
    "json_attributes_template": TEMPLATE,
}
EXPIRY = {"type": "integer", "minimum": 1}
OWN: dict[str, tuple[list[str], dict[str, Any]]] = {
    "binary_sensor": (
        ["state_topic"],
        {
            "state_topic": TOPIC,
            "payload_on": TEXT,
            "payload_off": TEXT,
            "device_class": {"enum": ["connectivity", "occupancy", "motion", "presence", "problem", "running"]},
            "expire_after": EXPIRY,
            "off_delay": EXPIRY,
        },
    ),
    "sensor": (
        ["state_topic"],
        {
            "state_topic": TOPIC,
            "device_class": {
                "enum": ["duration", "data_size", "temperature", "timestamp", "enum", "humidity", "energy"]
            },
            "state_class": {"enum": ["measurement", "total", "total_increasing"]},
            "unit_of_measurement": {"enum": ["fps", "ms", "s", "B", "%", "°C", "kWh"]},
            "suggested_display_precision": {"type": "integer", "minimum": 0},
            "options": {"type": "array", "minItems": 1, "uniqueItems": True, "items": TEXT},
            "expire_after": EXPIRY,
        },
    ),
    "switch": (
        ["command_topic"],
        {"command_topic": TOPIC, "state_topic": TOPIC, "payload_on": TEXT, "payload_off": TEXT},
    ),
    "text": (
        ["command_topic"],
        {
            "command_topic": TOPIC,
            "state_topic": TOPIC,
            "min": {"type": "integer", "minimum": 0, "maximum": 255},
            "max": {"type": "integer", "minimum": 1, "maximum": 255},
            "mode": {"enum": ["text", "password"]},
            "pattern": TEXT,
        },
    ),
    "number": (
        ["command_topic"],
        {
            "command_topic": TOPIC,
            "state_topic": TOPIC,
            "min": {"type": "number"},
            "max": {"type": "number"},
            "step": {"type": "number", "minimum": 0.001},
            "mode": {"enum": ["auto", "box", "slider"]},
        },
    ),
    "button": (["command_topic"], {"command_topic": TOPIC, "payload_press": TEXT}),
    "update": (
        ["state_topic"],
        {
            "state_topic": TOPIC,
            "device_class": {"enum": ["firmware"]},
            "display_precision": {"type": "integer", "minimum": 0},
            "entity_picture": {"type": "string", "pattern": "^https?://"},
            "latest_version_topic": TOPIC,
            "latest_version_template": TEMPLATE,
            "command_topic": TOPIC,
            "payload_install": TEXT,
            "release_summary": {"type": "string", "maxLength": 255},
            "release_url": {"type": "string", "pattern": "^https?://"},
            "title": TEXT,
        },
    ),
    "image": (
        ["image_topic"],
        {"image_topic": TOPIC, "content_type": {"pattern": "^image/"}, "image_encoding": {"enum": ["b64"]}},
    ),
}
# Units that a device class of a sensor allows.
UNITS = {
    "duration": {"s", "ms", "min", "h", "d"},
    "data_size": {"B", "kB", "MB", "GB"},
    "temperature": {"°C", "°F", "K"},
    "humidity": {"%"},
    "energy": {"kWh", "Wh", "J"},
}
DEVICE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["identifiers"],
    "properties": {
        "identifiers": {"type": "array", "minItems": 1, "items": TEXT},
        **dict.fromkeys(("name", "manufacturer", "model", "sw_version", "hw_version", "via_device"), TEXT),
        "configuration_url": {"type": "string", "pattern": "^(https?|homeassistant)://"},
    },
}
ORIGIN = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name"],
    "properties": {"name": TEXT, "sw_version": TEXT, "support_url": {"type": "string", "pattern": "^https?://"}},
}


def component(platform: str) -> dict[str, Any]:
    """The rules of one kind of entity."""
    required, own = OWN[platform]
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["platform", "unique_id", *required],
        "properties": {**SHARED, **own, "platform": {"const": platform}},
    }


def payload() -> dict[str, Any]:
    """The rules of a whole discovery payload in the device form."""
    kinds = [{"if": {"properties": {"platform": {"const": kind}}}, "then": component(kind)} for kind in OWN]
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["device", "origin", "components"],
        "properties": {
            "device": DEVICE,
            "origin": ORIGIN,
            "components": {
                "type": "object",
                "minProperties": 1,
                "additionalProperties": {
                    "required": ["platform"],
                    "properties": {"platform": {"enum": list(OWN)}},
                    "allOf": kinds,
                },
            },
        },
    }


# What an update entity may be told on its state topic, where that is JSON ("MQTT Update", 2025.12).
UPDATE_STATE: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "installed_version": TEXT,
        "latest_version": TEXT,
        "title": TEXT,
        "release_summary": {"type": "string", "maxLength": 255},
        "release_url": {"type": "string", "pattern": "^https?://"},
        "entity_picture": {"type": "string"},
        "in_progress": {"type": "boolean"},
        "update_percentage": {"type": ["number", "null"], "minimum": 0, "maximum": 100},
    },
}
