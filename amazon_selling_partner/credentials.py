"""The credentials of an application that a selling partner has authorized."""

from typing import ClassVar, List, Optional

from dlt.common.configuration import configspec
from dlt.common.configuration.specs import CredentialsConfiguration
from dlt.common.typing import TSecretStrValue

from .client.errors import ConfigurationError

PLACEHOLDER = "<configure me>"


@configspec
class SellingPartnerCredentials(CredentialsConfiguration):
    """What Login with Amazon wants to know, under `[sources.amazon_selling_partner.credentials]`.

    Attributes:
        client_id: Client identifier of the application, `amzn1.application-oa2-client...`.
        client_secret: Client secret; Amazon lets it expire after 180 days.
        refresh_token: `Atzr|...`, given once when the selling partner authorizes the application.
        application_id: `amzn1.sp.solution...`, of public applications only.
    """

    client_id: Optional[str] = None
    client_secret: Optional[TSecretStrValue] = None
    refresh_token: Optional[TSecretStrValue] = None
    application_id: Optional[str] = None

    # all are optional for dlt, so that a missing one is named by our own sentence
    __config_gen_annotations__: ClassVar[List[str]] = [
        "client_id",
        "client_secret",
        "refresh_token",
    ]

    def check(self) -> None:
        """Says what is missing or mistaken, before any request is made.

        Raises:
            ConfigurationError: One sentence that names the setting and the mend.
        """
        for name in ("client_id", "client_secret", "refresh_token"):
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
