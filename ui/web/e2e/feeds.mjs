// Feeds as an ERP exports them, and the server that offers them.

import assert from 'node:assert/strict';
import { env } from './env.mjs';

const header = ['PartNum', 'PartDescription', 'ProductGroup', 'Style', 'Manufacturer', 'ListPrice', 'OnHand', 'WeightKg'];

const goods = [
  ['BP', 'Ridge Backpack', 'accessories', 'backpack', 89, 1.4],
  ['HB', 'Harbour Tote', 'accessories', 'handbag', 64.5, 0.6],
  ['LM', 'Desk Lamp', 'homedecor', 'lighting', 39.9, 1.1],
  ['CH', 'Oak Dining Chair', 'furniture', 'chairs', 149, 6.2],
  ['MG', 'Stoneware Mug', 'housewares', 'kitchen', 14.25, 0.4],
  ['SN', 'Trail Sneaker', 'footwear', 'sneaker', 99, 0.9],
];
const makers = ['Halyard & Co.', 'Northfell', 'Mercer Supply', 'Kestrel'];
const colours = ['Moss', 'Slate', 'Ivory', 'Rust', 'Ink', 'Sand', 'Fern'];

/** n parts with SKUs of a series of their own. The same arguments give the same parts. */
export function parts(n, series = 'A') {
  return Array.from({ length: n }, (_, i) => {
    const [prefix, name, group, style, price, weight] = goods[i % goods.length];
    const maker = makers[i % makers.length];
    return {
      PartNum: `${prefix}-${series}${1000 + i}`,
      PartDescription: `${maker} ${name} ${colours[i % colours.length]} ${series}${1000 + i}`,
      ProductGroup: group,
      Style: style,
      Manufacturer: maker,
      ListPrice: (price + (i % 9) * 1.5).toFixed(2),
      OnHand: String((i * 7) % 120),
      WeightKg: weight.toFixed(2),
    };
  });
}

/** Rows as CSV. The first row is line 2. */
export function csv(rows) {
  const quote = (v) => (/[",\n]/.test(v) ? `"${v.replaceAll('"', '""')}"` : v);
  return [header, ...rows.map((r) => header.map((h) => r[h]))].map((r) => r.map(quote).join(',') + '\n').join('');
}

/** Offers text under a name and returns its address. */
export async function offer(name, text) {
  const url = `${env.feeds}/export/${name}`;
  const res = await fetch(url, { method: 'PUT', body: text });
  assert.equal(res.status, 204, `the feed server took ${name}`);
  return url;
}

const northwindHeader = [
  'sku', 'store_view_code', 'attribute_set_code', 'product_type', 'categories', 'product_websites', 'name', 'description', 'short_description', 'weight', 'product_online', 'tax_class_name', 'visibility',
  'price', 'special_price', 'url_key', 'meta_title', 'base_image', 'additional_attributes', 'qty', 'out_of_stock_qty', 'is_in_stock', 'manage_stock',
];

/** A shop's export with a row for each variant, in the columns of its own system. Every eighth row has no price. */
export function northwind(n) {
  const quote = (v) => (/[",\n]/.test(v) ? `"${v.replaceAll('"', '""')}"` : v);
  const sizes = ['XS', 'S', 'M', 'L'];
  const rows = Array.from({ length: n }, (_, i) => {
    const style = `MH${String(1 + Math.floor(i / 8)).padStart(2, '0')}`;
    const [size, colour] = [sizes[i % 4], i % 8 < 4 ? 'Black' : 'Gray'];
    return {
      sku: `${style}-${size}-${colour}`, attribute_set_code: 'Top', product_type: 'simple', categories: 'Default Category/Men/Tops', product_websites: 'base',
      name: `Chaz Hoodie ${style}-${size}-${colour}`, description: '<p>Two tones,\none hoodie.</p>', weight: '1.0000', product_online: '1', tax_class_name: 'Taxable Goods',
      visibility: 'Not Visible Individually', price: i % 8 === 7 ? '' : '52.00', url_key: `chaz-hoodie-${style}-${size}-${colour}`.toLowerCase(), meta_title: 'Chaz Hoodie',
      base_image: '/m/h/mh01-black_main_1.jpg', additional_attributes: `color=${colour},size=${size}`, qty: '100.0000', out_of_stock_qty: '0.0000', is_in_stock: '1', manage_stock: '1',
    };
  });
  return [northwindHeader, ...rows.map((r) => northwindHeader.map((h) => r[h] ?? ''))].map((r) => r.map(quote).join(',') + '\n').join('');
}

/** A shop's export: three products, one of them of three rows, no SKU anywhere. */
export const shopify = `Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,Option2 Name,Option2 Value,Option3 Name,Option3 Value,Variant SKU,Variant Grams,Variant Inventory Tracker,Variant Inventory Qty,Variant Inventory Policy,Variant Fulfillment Service,Variant Price,Variant Compare At Price,Variant Requires Shipping,Variant Taxable,Variant Barcode,Image Src,Image Position,Image Alt Text,Gift Card,SEO Title,SEO Description,Google Shopping / Google Product Category,Google Shopping / Gender,Google Shopping / Age Group,Google Shopping / MPN,Google Shopping / AdWords Grouping,Google Shopping / AdWords Labels,Google Shopping / Condition,Google Shopping / Custom Product,Google Shopping / Custom Label 0,Google Shopping / Custom Label 1,Google Shopping / Custom Label 2,Google Shopping / Custom Label 3,Google Shopping / Custom Label 4,Variant Image,Variant Weight Unit,Variant Tax Code
quay-shirt,Quay Shirt,Cotton with a narrow collar.,Harbour,,men,true,Title,Default Title,,,,,,0,,1,deny,manual,50,,true,true,,https://pics.example/quay-shirt.jpg,1,,false,,,,,,,,,,,,,,,,,kg,
varsity-top,Varsity Top,Grey and black.,Harbour,,women,true,Size,Small,,,,,,0,,1,deny,manual,60,,true,true,,https://pics.example/varsity-top.jpg,1,,false,,,,,,,,,,,,,,,,,kg,
varsity-top,,,,,,,,Medium,,,,,,0,,1,deny,manual,60,,true,true,,,,,,,,,,,,,,,,,,,,,,kg,
varsity-top,,,,,,,,Large,,,,,,0,,1,deny,manual,60,,true,true,,,,,,,,,,,,,,,,,,,,,,kg,
wool-jumper,Wool Jumper,Soft.,Harbour,,women,true,Title,Default Title,,,,,,0,,1,deny,manual,80,,true,true,,https://pics.example/wool-jumper.jpg,1,,false,,,,,,,,,,,,,,,,,kg,
`;

/** The goods of a trading house, as the table of its database is: its numbers are the keys. */
export const traders = `productID,productName,supplierID,categoryID,quantityPerUnit,unitPrice,unitsInStock,unitsOnOrder,reorderLevel,discontinued
901,Green Tea,1,1,10 boxes x 20 bags,18.00,39,0,10,0
902,Fig Syrup,1,2,12 - 550 ml bottles,10.00,13,70,25,0
905,Bean Mix,2,2,36 boxes,21.35,0,0,0,1
`;
