"""Errors with Amazon's codes and messages."""

from typing import Any

DENIED = "Access to requested resource is denied."


class ApiError(Exception):
    """A response that is not 200; a handler may raise it anywhere.

    Args:
        code: Amazon's code, e.g. `InvalidInput`.
        details: Often empty.
    """

    def __init__(self, status: int, code: str, message: str, details: str = "") -> None:
        super().__init__(f"{status} {code}: {message} {details}")
        self.status = status
        self.code = code
        self.message = message
        self.details = details

    @property
    def body(self) -> dict[str, Any]:
        """Amazon's `ErrorList`."""
        error = {"code": self.code, "message": self.message, "details": self.details}
        return {"errors": [error]}


def invalid(message: str, details: str = "") -> ApiError:
    """400 InvalidInput."""
    return ApiError(400, "InvalidInput", message, details)


def not_found(message: str = "The resource specified does not exist.") -> ApiError:
    """404 NotFound."""
    return ApiError(404, "NotFound", message)


def denied(details: str = "") -> ApiError:
    """403 Unauthorized."""
    return ApiError(403, "Unauthorized", DENIED, details)


def internal_failure(status: int = 500, code: str = "InternalFailure") -> ApiError:
    """500 InternalFailure, or another 5xx."""
    return ApiError(status, code, "We encountered an internal error. Please try again.")


def throttled() -> ApiError:
    """429 QuotaExceeded."""
    return ApiError(429, "QuotaExceeded", "You exceeded your quota for the requested resource.")
