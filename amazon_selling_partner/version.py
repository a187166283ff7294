"""The version of this source, as CHANGELOG.md has it and as Amazon sees it in the user agent."""

VERSION = "0.1.0"
