"""Which phone it pretends to be: platform, app release, operating system.

Whatever the command line says is passed on as it is, even if it is nonsense: refusing it is
the relay's and the PC's business.
"""

from certrelay.e2e.hello import Hello, fit_name

DEFAULTS = {
    "android": ("Galaxy (simulated)", "G5.0", "14"),
    "ios": ("iPhone (simulated)", "I5.0", "17.0"),
    "web": ("Browser (simulated)", "W1.0", "14"),
}
"""Name, release and system of each platform where the command line says nothing."""


def hello(
    platform: str, app: str | None = None, os_version: str | None = None, name: str | None = None
) -> Hello:
    """How the phone presents itself."""
    own_name, own_app, own_os = DEFAULTS.get(platform, DEFAULTS["android"])
    return Hello(
        name=fit_name(name or own_name),
        platform=platform,
        app="certrelay-phone",
        app_version=own_app if app is None else app,
        os_version=own_os if os_version is None else os_version,
    )
