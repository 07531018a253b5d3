"""What Home Assistant calls the quantities that sensors measure.

Source: developers.home-assistant.io, "Sensor entity", 2025.12. An entity of an unknown
device class is refused.
"""

_NAMES = """
absolute_humidity apparent_power aqi area atmospheric_pressure battery blood_glucose_concentration carbon_dioxide
carbon_monoxide conductivity current data_rate data_size distance duration energy energy_distance energy_storage
frequency gas humidity illuminance irradiance moisture monetary nitrogen_dioxide nitrogen_monoxide nitrous_oxide
ozone ph pm1 pm10 pm25 power power_factor precipitation precipitation_intensity pressure reactive_energy
reactive_power signal_strength sound_pressure speed sulphur_dioxide temperature volatile_organic_compounds
volatile_organic_compounds_parts voltage volume volume_flow_rate volume_storage water weight wind_direction
wind_speed
"""
DEVICE_CLASSES = frozenset(_NAMES.split())
# A meter's reading or an angle is no measurement in Home Assistant's sense; it keeps no statistics of means of these.
NOT_MEASURED = frozenset({"energy", "gas", "monetary", "volume", "water", "wind_direction", "reactive_energy"})
