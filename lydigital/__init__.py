"""数字洛阳 · lydigital: the desktop map workstation of a city."""

__version__ = "0.1.0"
