"""The credentials of an application that a selling partner has authorized."""

from typing import Any, ClassVar, List, Optional

from dlt.common import pendulum
from dlt.common.configuration import configspec
from dlt.common.configuration.specs import CredentialsConfiguration
from dlt.common.time import ensure_pendulum_datetime
from dlt.common.typing import TSecretStrValue

from .errors import ROTATE_SECRET, ConfigurationError

PLACEHOLDER = "<configure me>"

SECRET_LIFETIME = pendulum.duration(days=180)
"""How long Amazon accepts a client secret."""

AUTHORIZATION_LIFETIME = pendulum.duration(days=365)
"""How long the authorization of a public application lasts."""

WARNING_PERIOD = pendulum.duration(days=30)
"""How long before its end a run warns."""


@configspec
class SellingPartnerCredentials(CredentialsConfiguration):
    """What Login with Amazon needs, under `[sources.amazon_selling_partner.credentials]`.

    Attributes:
        client_id: Client identifier of the application, `amzn1.application-oa2-client...`.
        client_secret: Client secret; Amazon lets it expire after 180 days.
        refresh_token: `Atzr|...`, given once when the selling partner authorizes the application.
        application_id: `amzn1.sp.solution...`, of public applications only.
        client_secret_created: Day on which the secret was made, such as 2026-01-31, to be warned
            before it expires.
        authorized_on: Day on which the selling partner authorized the application; `authorize`
            writes it.
    """

    client_id: Optional[str] = None
    client_secret: Optional[TSecretStrValue] = None
    refresh_token: Optional[TSecretStrValue] = None
    application_id: Optional[str] = None
    client_secret_created: Optional[str] = None
    authorized_on: Optional[str] = None

    # all are optional for dlt, so that a missing one is named by a sentence of this source
    __config_gen_annotations__: ClassVar[List[str]] = [
        "client_id",
        "client_secret",
        "refresh_token",
    ]

    def parse_native_representation(self, native_value: Any) -> None:
        """Refuses credentials that are no table, such as a lone token.

        Raises:
            ConfigurationError: Always; the value is not repeated.
        """
        if isinstance(native_value, SellingPartnerCredentials):
            raise NotImplementedError
        raise ConfigurationError(
            f"credentials is a {type(native_value).__name__} and no table: write client_id,"
            " client_secret and refresh_token below"
            " [sources.amazon_selling_partner.credentials], or pass a dict with these names."
        )

    def on_resolved(self) -> None:
        """Drops the blanks and line ends that come along when values are copied."""
        for name in self.get_resolvable_fields():
            if isinstance(self[name], str):
                self[name] = self[name].strip()

    def validate(self, *names: str, section: str = "amazon_selling_partner") -> None:
        """Checks what is needed, before any request is made.

        Args:
            section: Where the account's settings are, below `sources`.
            *names: What must be there; all three by default.

        Raises:
            ConfigurationError: One sentence that names the setting and the fix.
        """
        for name in names or ("client_id", "client_secret", "refresh_token"):
            value = self[name]
            if value and not isinstance(value, str):
                raise ConfigurationError(
                    f"credentials.{name} is a {type(value).__name__} and no text: put it in quotes."
                )
            if not value or not value.strip() or PLACEHOLDER in value:
                raise ConfigurationError(
                    f"credentials.{name} is missing: put it into .dlt/secrets.toml under"
                    f" [sources.{section}.credentials] or into the environment variable"
                    f" SOURCES__{section.upper()}__CREDENTIALS__{name.upper()}."
                )
        if str(self.client_id).startswith("amzn1.sp.solution."):
            raise ConfigurationError(
                "credentials.client_id holds an application id (amzn1.sp.solution...): put the"
                " client identifier (amzn1.application-oa2-client...) from the portal's"
                " LWA credentials there, and this value into application_id."
            )
        if str(self.refresh_token).startswith("Atza|"):
            raise ConfigurationError(
                "credentials.refresh_token holds an access token (Atza|...), which lives for an"
                " hour: put the refresh token (Atzr|...) there."
            )
        self.secret_expires()
        self.authorization_expires()

    def secret_expires(self) -> Optional[pendulum.DateTime]:
        """When the client secret expires, UTC; None where the settings do not say when it was made.

        Raises:
            ConfigurationError: When `client_secret_created` is no date.
        """
        created = self._day("client_secret_created", "the day the secret was made")
        return created and created + SECRET_LIFETIME

    def authorization_expires(self) -> Optional[pendulum.DateTime]:
        """When the authorization of a public application expires, UTC; None where it is not known.

        Raises:
            ConfigurationError: When `authorized_on` is no date.
        """
        authorized = self._day("authorized_on", "the day the application was authorized")
        return authorized and authorized + AUTHORIZATION_LIFETIME

    def _day(self, name: str, what: str) -> Optional[pendulum.DateTime]:
        value = self[name]
        if not value:
            return None
        try:
            return ensure_pendulum_datetime(str(value))
        except (TypeError, ValueError):
            raise ConfigurationError(
                f"credentials.{name} = {value!r} is no date: write {what}, such as 2026-01-31."
            ) from None

    def warning(self, now: pendulum.DateTime) -> Optional[str]:
        """The warning when the client secret expires soon.

        Args:
            now: The present, UTC.

        Returns:
            A sentence, from 30 days before.

        Raises:
            ConfigurationError: When `client_secret_created` lies in the future.
        """
        expires = self.secret_expires()
        if expires is not None and now < expires - SECRET_LIFETIME - pendulum.duration(days=1):
            raise ConfigurationError(
                f"credentials.client_secret_created = {str(self.client_secret_created)!r} lies in"
                " the future: write the day the secret was made, such as 2026-01-31."
            )
        if expires is None or now < expires - WARNING_PERIOD:
            return None
        when = "has expired"
        if now < expires:
            when = f"expires in {(expires - now).days} days"
        return (
            f"client_secret {when} ({expires.to_date_string()}): {ROTATE_SECRET} and its day into"
            " client_secret_created."
        )
