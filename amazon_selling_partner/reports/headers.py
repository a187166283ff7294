"""Headers of flat files that Amazon translates, and the English ones they stand for."""

from typing import Dict

HEADERS: Dict[str, str] = {
    # listings, Japan
    "商品名": "item-name",
    "商品の説明": "item-description",
    "出品ID": "listing-id",
    "出品者SKU": "seller-sku",
    "価格": "price",
    "数量": "quantity",
    "出品日": "open-date",
    "画像URL": "image-url",
    "商品IDタイプ": "product-id-type",
    "コンディション説明": "item-note",
    "コンディション": "item-condition",
    "国外へ配送可": "will-ship-internationally",
    "迅速な配送": "expedited-shipping",
    "商品ID": "product-id",
    "在庫数": "pending-quantity",
    "フルフィルメント・チャンネル": "fulfillment-channel",
    "フルフィルメントチャネル": "fulfillment-channel",
    "merchant-shipping-group": "merchant-shipping-group",
    "ポイント": "points",
    "ステータス": "status",
    # listings, Germany
    "Artikelbezeichnung": "item-name",
    "Artikelbeschreibung": "item-description",
    "Angebotsnummer": "listing-id",
    "Händler-SKU": "seller-sku",
    "Preis": "price",
    "Menge": "quantity",
    "Erstellungsdatum": "open-date",
    "Bild-URL": "image-url",
    "Artikel ist Marketplace-Angebot": "item-is-marketplace",
    "Produkt-ID-Typ": "product-id-type",
    "Anmerkung zum Artikel": "item-note",
    "Artikelzustand": "item-condition",
    "Internationaler Versand": "will-ship-internationally",
    "Expressversand": "expedited-shipping",
    "Produkt-ID": "product-id",
    "Anzahl Bestellungen": "pending-quantity",
    "Versender": "fulfillment-channel",
    "Händlerversandgruppe": "merchant-shipping-group",
    # fee previews, whose one long header no database takes whole
    "estimated-future-fee (Current Selling on Amazon + Future Fulfillment fees)": (
        "estimated-future-fee"
    ),
}
