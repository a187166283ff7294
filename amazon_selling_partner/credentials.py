"""The credentials of an application that a selling partner has authorized."""

from typing import ClassVar, List, Optional

from dlt.common import pendulum
from dlt.common.configuration import configspec
from dlt.common.configuration.specs import CredentialsConfiguration
from dlt.common.time import ensure_pendulum_datetime
from dlt.common.typing import TSecretStrValue

from .client.errors import ROTATION, ConfigurationError

PLACEHOLDER = "<configure me>"

SECRET_LIFE = pendulum.duration(days=180)
"""How long Amazon accepts a client secret."""

WARNED_BEFORE = pendulum.duration(days=30)
"""How long before that a run begins to say so."""


@configspec
class SellingPartnerCredentials(CredentialsConfiguration):
    """What Login with Amazon wants to know, under `[sources.amazon_selling_partner.credentials]`.

    Attributes:
        client_id: Client identifier of the application, `amzn1.application-oa2-client...`.
        client_secret: Client secret; Amazon lets it expire after 180 days.
        refresh_token: `Atzr|...`, given once when the selling partner authorizes the application.
        application_id: `amzn1.sp.solution...`, of public applications only.
        client_secret_created: Day on which the secret was made, such as 2026-01-31, to be warned
            before it expires.
    """

    client_id: Optional[str] = None
    client_secret: Optional[TSecretStrValue] = None
    refresh_token: Optional[TSecretStrValue] = None
    application_id: Optional[str] = None
    client_secret_created: Optional[str] = None

    # all are optional for dlt, so that a missing one is named by our own sentence
    __config_gen_annotations__: ClassVar[List[str]] = [
        "client_id",
        "client_secret",
        "refresh_token",
    ]

    def check(self, *names: str) -> None:
        """Says what is missing or mistaken, before any request is made.

        Args:
            *names (str): What must be there; all three by default.

        Raises:
            ConfigurationError: One sentence that names the setting and the mend.
        """
        for name in names or ("client_id", "client_secret", "refresh_token"):
            value = self[name]
            if not value or PLACEHOLDER in value:
                raise ConfigurationError(
                    f"credentials.{name} is missing: put it into .dlt/secrets.toml under"
                    " [sources.amazon_selling_partner.credentials] or into the environment variable"
                    f" SOURCES__AMAZON_SELLING_PARTNER__CREDENTIALS__{name.upper()}."
                )
        if str(self.client_id).startswith("amzn1.sp.solution."):
            raise ConfigurationError(
                "credentials.client_id holds an application id (amzn1.sp.solution...): put the"
                " client identifier (amzn1.application-oa2-client...) from the portal's"
                " LWA credentials there, and this value into application_id."
            )
        self.secret_expires()

    def secret_expires(self) -> Optional[pendulum.DateTime]:
        """When the client secret expires, UTC; None where the settings do not say when it was made.

        Raises:
            ConfigurationError: When `client_secret_created` is no date.
        """
        if not self.client_secret_created:
            return None
        try:
            created = ensure_pendulum_datetime(str(self.client_secret_created))
        except (TypeError, ValueError):
            raise ConfigurationError(
                f"credentials.client_secret_created = {self.client_secret_created!r} is no date:"
                " write the day the secret was made, such as 2026-01-31."
            ) from None
        return created + SECRET_LIFE

    def warning(self, now: pendulum.DateTime) -> Optional[str]:
        """What to say when the client secret expires soon.

        Args:
            now (pendulum.DateTime): The present, UTC.

        Returns:
            Optional[str]: A sentence, from 30 days before.
        """
        expires = self.secret_expires()
        if expires is None or now < expires - WARNED_BEFORE:
            return None
        when = "has expired"
        if now < expires:
            when = f"expires in {(expires - now).days} days"
        return (
            f"client_secret {when} ({expires.to_date_string()}): {ROTATION} and its day into"
            " client_secret_created."
        )
