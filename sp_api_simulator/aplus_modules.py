"""The modules of Premium A+ and Brand Story documents, one of each kind."""

from typing import Any, Sequence

Module = dict[str, Any]


def _text(value: str) -> dict[str, Any]:
    bold = {"type": "STYLE_BOLD", "offset": 0, "length": 2, "depth": 0}
    return {"value": value, "decoratorSet": [bold]}


def _paragraph(value: str) -> dict[str, Any]:
    return {"textList": [_text(value)]}


def _crop() -> dict[str, Any]:
    def pixels(value: int) -> dict[str, Any]:
        return {"value": value, "units": "pixels"}

    return {
        "size": {"width": pixels(1464), "height": pixels(600)},
        "offset": {"x": pixels(0), "y": pixels(0)},
    }


def _image(name: str) -> dict[str, Any]:
    return {
        "uploadDestinationId": f"sc/aplus/{name}.jpg",
        "imageCropSpecification": _crop(),
        "altText": f"{name} – Ansicht",
    }


def _images(name: str) -> dict[str, Any]:
    return {"desktopImage": _image(name), "mobileImage": _image(f"{name}-mobile")}


def _video(name: str) -> dict[str, Any]:
    return {
        "videoMediaId": f"amzn1.vse.video.{name}",
        "imageMediaId": f"sc/aplus/{name}-preview.jpg",
        "imageCropSpecification": _crop(),
    }


def brand_story_modules(brand: str, asins: Sequence[str]) -> list[Module]:
    """The modules of a Brand Story: who the brand is, its products and frequent questions."""
    pair = {"question": _text("Seit wann?"), "answer": _paragraph(f"{brand}: seit 1986.")}
    products = [
        {"asinImage": {"productAsin": _text(asin), "productImage": _image(asin)}}
        for asin in [*asins, *asins][:4]
    ]
    return _modules(
        {
            "brandStoryImageWithLogo": {
                "title": _text(brand),
                "description": _paragraph('Made in "Köln"'),
                **_images("logo"),
            },
            "brandStoryFourAsin": {
                "title": _text("Bestsellers"),
                "brandStoreId": _text("1A2B-3C"),
                "asinImages": products,
            },
            "brandStoryMediaAsset": {
                "title": _text(brand),
                "description": _paragraph("Workshop"),
                "image": _image("workshop"),
            },
            "brandStoryAbout": {
                "logoImage": _image("logo"),
                "title": _text(brand),
                "slogan": _paragraph("100 % bon"),
            },
            "brandStoryQuestions": {"questionAnswerPairs": [{"questionAnswerPair": pair}] * 3},
        }
    )


def premium_modules(title: str, asins: Sequence[str]) -> list[Module]:
    """All modules of Premium A+."""
    products = [
        {
            "comparisonProduct": {
                "position": position,
                "productTitle": _text(title),
                "productAsin": _text(asin),
                **_images(asin),
            }
        }
        for position, asin in enumerate(asins, 1)
    ]
    field = {"comparisonField": {"position": 1, "value": "✓"}}
    row = {
        "comparisonRow": {
            "position": 1,
            "metricName": _text("Waterproof"),
            "comparisonType": _text("BOOLEAN"),
            "additionalInfo": _text("IP 67"),
            "comparisonFields": [field] * len(asins),
        }
    }
    headed = {"headline": _text(title)}
    described = {"description": _paragraph("From 9.90 €")}
    panel = {"position": 1, "title": _text(title), **described, **_images("panel")}
    spot = {"title": _text("Lid"), "xCoordinate": _text("12.5"), "yCoordinate": _text("40")}
    spot |= {"mobileImage": _image("lid")}
    column = {"imageColumn": {"position": 1, **headed, **described, "image": _image("column")}}
    footer = {"footer": _paragraph("Terms apply")}
    placed = {"positionType": "LEFT"}
    below = {"subheadline": _text("New")}
    values = [{"metricName": _text("Volume"), "metricValue": _paragraph("0.5 l")}] * 3
    spec = {"specKey": _text("Height"), "specValue": _text("21 cm")}
    faq = {"question": _paragraph("Safe?"), "answer": _paragraph("Yes.")}
    return _modules(
        {
            "premiumImageText": {
                **placed,
                **below,
                **headed,
                "bodyText": _paragraph("Text"),
                "image": _image("text"),
            },
            "premiumText": {**headed, **described},
            "premiumFullBackgroundText": {
                **placed,
                "colorType": "DARK",
                **below,
                **headed,
                **described,
                **_images("background"),
            },
            "premiumFullBackgroundImage": {**headed, **footer, **_images("background")},
            "premiumFourColumnImages": {**headed, "columns": [column] * 4},
            "premiumDualImageText": {**headed, "columns": [column] * 2},
            "premiumImageCarousel": {
                **headed,
                **footer,
                "carouselCards": [
                    {
                        "imagePanel": {
                            **panel,
                            "buttonText": _text("Go"),
                            "asin": _text("".join(asins[:1])),
                        }
                    }
                ]
                * 2,
            },
            "premiumNavigationCarousel": {
                "carouselCards": [
                    {"navigationPanel": {**panel, "navText": _text("1"), "subtitle": _text("A")}}
                ]
                * 2
            },
            "premiumRegimenCarousel": {
                **headed,
                "carouselCards": [{"regimenPanel": {**panel, "navText": _text("Morning")}}] * 2,
            },
            "premiumThreeColumnComparison": {
                **headed,
                "comparisonProducts": [
                    {
                        "position": position,
                        "productTitle": _text(title),
                        "productAsin": _text(asin),
                        "image": _image(asin),
                    }
                    for position, asin in enumerate(asins[:3], 1)
                ],
                "comparisonRows": [{"position": 1, "metricValues": values}] * 2,
            },
            "premiumComparisonCarousel": {
                **headed,
                "comparisonProducts": products,
                "comparisonMetrics": [row] * 3,
            },
            "premiumComparisonScroller": {
                **headed,
                "showATC": True,
                "showPrices": True,
                "showReviews": False,
                "comparisonProducts": products,
                "comparisonRows": [row] * 5,
            },
            "premiumHotspotImage": {
                "desktopImage": _image("spots"),
                "hotSpots": [{"imageHotSpot": {**spot, "description": _text("Screwed")}}] * 2,
            },
            "premiumHotspotImageText": {
                **headed,
                "mainDescription": _paragraph("Parts"),
                "desktopImage": _image("spots"),
                "hotSpots": [{"imageTextHotSpot": spot}] * 2,
            },
            "premiumFaq": {"colorType": "LIGHT", "faqs": [{"faq": faq}] * 2},
            "premiumTechSpecs": {**headed, "columnCount": 2, "techSpecs": [{"techSpec": spec}] * 4},
            "premiumVideoText": {
                **placed,
                "title": _text(title),
                **headed,
                **described,
                "video": _video("text"),
            },
            "premiumHeroVideo": {**headed, "heroVideo": _video("hero"), **footer},
            "premiumVideoImageCarousel": {
                **headed,
                "carouselCards": [
                    {"videoCarouselPanel": {**panel, **placed, **below, "video": _video("panel")}}
                ]
                * 2,
            },
        }
    )


def _modules(by_name: dict[str, Module]) -> list[Module]:
    return [{"contentModuleType": _type_of(name), name: module} for name, module in by_name.items()]


def _type_of(name: str) -> str:
    return "".join(f"_{char}" if char.isupper() else char.upper() for char in name)
