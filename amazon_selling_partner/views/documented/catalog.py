"""Catalog: one row per ASIN and marketplace, and lists of it."""

from ..mapping import (
    Join,
    given,
    view,
)

VIEWS = (
    view(
        "catalog",
        "asin",
        "catalog",
        given(text="asin marketplace_id"),
        captures_deletes=True,
    ),
    view(
        "item_summary",
        "asin marketplace_id",
        "catalog",
        given(
            text="asin marketplace_id brand=summary__brand"
            " classification_id=summary__browse_classification__classification_id"
            " color=summary__color"
            " display_name=summary__browse_classification__display_name"
            " item_classification=summary__item_classification item_name=summary__item_name"
            " manufacturer=summary__manufacturer model_number=summary__model_number"
            " part_number=summary__part_number size=summary__size style=summary__style"
            " website_display_group=summary__website_display_group"
            " website_display_group_name=summary__website_display_group_name",
            bigint="package_quantity=summary__package_quantity",
            bool="adult_product=summary__adult_product autographed=summary__autographed"
            " memorabilia=summary__memorabilia trade_in_eligible=summary__trade_in_eligible",
            date="release_date=summary__release_date",
        ),
        given(json="contributors=contributors.contributors"),
        joins=(
            Join(
                "contributors",
                "SELECT _dlt_parent_id, MAKE_LIST(_dlt_list_idx, MAKE_OBJECT('role',"
                " MAKE_OBJECT('value', role__value, 'displayName', role__display_name),"
                " 'value', value)) AS contributors"
                " FROM catalog__contributors GROUP BY _dlt_parent_id",
            ),
        ),
        captures_deletes=True,
    ),
    view(
        "item_contributor",
        "value asin marketplace_id",
        "catalog__contributors",
        given(text="value asin marketplace_id role__display_name role__value"),
        captures_deletes=True,
    ),
    view(
        "item_identifier",
        "identifier identifier_type asin marketplace_id",
        "catalog__identifiers",
        given(text="identifier identifier_type asin marketplace_id"),
        captures_deletes=True,
    ),
    view(
        "item_image",
        "link variant asin marketplace_id",
        "catalog__images",
        given(
            text="link variant asin marketplace_id",
            bigint="height width",
        ),
        captures_deletes=True,
    ),
    view(
        "item_dimension",
        "asin marketplace_id",
        "catalog",
        given(
            text="asin marketplace_id item_height_unit=dimensions__item__height__unit"
            " item_length_unit=dimensions__item__length__unit"
            " item_weight_unit=dimensions__item__weight__unit"
            " item_width_unit=dimensions__item__width__unit"
            " package_height_unit=dimensions__package__height__unit"
            " package_length_unit=dimensions__package__length__unit"
            " package_weight_unit=dimensions__package__weight__unit"
            " package_width_unit=dimensions__package__width__unit",
            double="item_height_value=dimensions__item__height__value"
            " item_length_value=dimensions__item__length__value"
            " item_weight_value=dimensions__item__weight__value"
            " item_width_value=dimensions__item__width__value"
            " package_height_value=dimensions__package__height__value"
            " package_length_value=dimensions__package__length__value"
            " package_weight_value=dimensions__package__weight__value"
            " package_width_value=dimensions__package__width__value",
        ),
        captures_deletes=True,
    ),
    view(
        "item_product_type",
        "product_type asin marketplace_id",
        "catalog__product_types",
        given(text="product_type asin marketplace_id"),
        captures_deletes=True,
    ),
    view(
        "item_classification_sales_rank",
        "classification_id asin",
        "catalog__classification_ranks",
        given(text="classification_id asin link rank title"),
        captures_deletes=True,
    ),
    view(
        "item_display_group_sales_rank",
        "website_display_group asin",
        "catalog__display_group_ranks",
        given(text="website_display_group asin link rank title"),
        captures_deletes=True,
    ),
    view(
        "item_relationship",
        "type child_asin parent_asin",
        "catalog__relationships",
        given(text="type child_asin parent_asin"),
        captures_deletes=True,
    ),
    view(
        "item_variation_theme",
        "theme asin",
        "catalog__relationships",
        given(
            text="theme=variation_theme__theme asin",
            json="attribute=variation_theme__attributes",
        ),
        where="t.variation_theme__theme IS NOT NULL",
        captures_deletes=True,
    ),
    view(
        "item_vendor_detail",
        "asin marketplace_id",
        "catalog",
        given(
            text="asin marketplace_id manufacturer_code=vendor_details__manufacturer_code"
            " manufacturer_code_parent=vendor_details__manufacturer_code_parent"
            " product_categorydisplay_name=vendor_details__product_category__display_name"
            " product_categoryvalue=vendor_details__product_category__value"
            " product_group=vendor_details__product_group"
            " product_subcategorydisplay_name=vendor_details__product_subcategory__display_name"
            " product_subcategoryvalue=vendor_details__product_subcategory__value"
            " replenishment_category=vendor_details__replenishment_category",
        ),
        where="COALESCE(t.vendor_details__manufacturer_code,"
        " t.vendor_details__replenishment_category, t.vendor_details__product_group,"
        " t.vendor_details__brand_code) IS NOT NULL",
        captures_deletes=True,
    ),
)
