// Package sandbox is a simulated BigCommerce for many stores in one process: the login host, the
// REST APIs that Sluice speaks, the control panel with the app in its iframe, storefronts with
// shoppers, an identity provider, webhooks, quotas and faults.
//
// It is the judge of what the app does, so it is strict: it refuses what BigCommerce's official API
// descriptions refuse, with their status codes and error bodies, and it never repairs a request. It
// is imported by tests and by the demo and sandbox commands only, listens on loopback only, and
// holds everything in memory; Options.StateFile keeps it between processes and survives a kill.
//
// # How a request flows
//
//	API host:  log → find store → token (401) → quota (429) → scope (403) → concurrency (429) → faults → handler
//	handler:   decode → validate (422) → lock the store → uniqueness (409) → journal line → answer → webhooks
//
// Whatever refuses a request of a /v2 path, the answer is V2's array,
// [{"status":404,"message":"…"}].
//
// The API, login and admin host is http://127.0.0.1:PORT; the control panel is
// http://localhost:OTHER, so that an app on 127.0.0.1 is another site than the panel, as in
// reality, and a browser that blocks third-party storage blocks it here too. For the same reason
// each storefront is http://localhost:ANOTHER, a port for every channel of every store, and the
// identity provider is on 127.0.0.1. Storefronts begin to listen when somebody first asks for their
// address: an API call that names a site is enough. Cookies do not tell ports apart, so those of
// storefronts are named after store and channel.
//
// # What stands for a storefront
//
// A store has shoppers (shoppers.go) in groups, channels and their sites, and scripts of apps; they
// are kept in the state file like the catalogue. Each is there for the app through the Management
// API and for tests, as what a merchant or a shopper does, through methods of Store and
// /sandbox/stores/{hash}/…. Channel 1 and its site are in every store. A site whose URL is "" is at
// the platform's own address.
//
//   - Scopes are those of the descriptions: customers and groups store_v2_customers, channels
//     store_channel_settings, sites store_sites (under /channels/{id}/site too), scripts store_v2_content,
//     and store_content_checkout for scripts of visibility all_pages and checkout.
//   - A batch of customers is made as a whole or not at all. What contradicts the store (an e-mail in
//     use, an unknown group, a weak password) is the documented 422, which does not say which; it quotes
//     the address. Methods of Store take any password: tests choose short ones.
//   - Sites and scripts fire no webhook; a channel fires store/channel/updated when a field changed. A write that changes nothing fires none either, nor does one of
//     images alone; that of a variant fires store/sku/updated only.
//   - A webhook's id is its body's hash, the same for every hook and every repeat. Each client's hooks are
//     signed with its own secret: the app's, or that of store-level API credentials. A new hook hears of
//     nothing for a minute, less where Options.Window is shorter than the platform's.
//   - At uninstall the scripts with auto_uninstall go, the others stay. Whether the callback comes before or after the
//     token is revoked no document says: Choices.UninstallTellsFirst.
//
// # What a storefront does
//
//	/login/token/{jwt}                           customer login: every rule of the platform, else the sign-in page
//	/login.php  /account.php  ?action=logout     password sign-in, as a Stencil theme has it
//	/customer/current.jwt?app_client_id=         Stencil: 15-minute token of the shopper, HS512; 404 for a guest
//	/login  /account/orders  /logout?redirectTo= the same of Catalyst, which has neither of the former:
//	                                             a refused login token leads to /login?error=InvalidToken
//	/api/storefront/consent                      the shopper's choice, where the store asks for one
//	/app/…                                       an application that changes without reloading
//	any other path                               a page of the theme; /checkout… are checkout and confirmation
//
// Scripts that apps installed stand in the pages by channel, kind of page, place and consent. On a
// channel of platform bigcommerce the platform renders the pages, and Handlebars paths such as
// {{customer.id}} in scripts of kind script_tag with them; on any other (headless) the storefront
// is an application as Catalyst is one, and the text stays. Store.SetTheme puts in what a merchant
// would paste into the theme. Store.SeedStorefronts adds shoppers whose password the sign-in page
// tells, one of them with the same address in every store. Store.SignIns says why a login was
// refused, which the platform never does.
//
// The identity provider (package idp) is no part of BigCommerce: a merchant's own, where the app is
// one registered client. Its faults, people and clients are changed through
// Sandbox.IdentityProvider or /sandbox/idp. Its issuer, client and key, and the ports of
// storefronts, are in the state file.
//
// # What the catalogue does as recorded, beside what is described
//
//   - Every documented call is known (documented.go, generated): one that is not simulated answers 501, another
//     method 405, any other path 404. A path below a collection is never taken for an id.
//   - Names of products, brands and categories that differ by letter case, accents or spaces around them are one.
//   - Prices are rounded to four decimals, and what could run is taken out of descriptions of products and categories.
//   - include_fields of products takes the list of the description. What documents and recordings say in two ways
//     is a choice (Choices).
//
// # What belongs to a product
//
// A product is made in one request, with variants whose options come of their option_values
// (variants_inline.go). Afterwards each part has endpoints: variants (variants_api.go,
// catalogue_variants.go), options (options_api.go), images, custom fields, bulk pricing rules and
// videos (product_parts_api.go), modifiers, metafields, and its channels and categories
// (product_assignments.go). Store.AddVariants is what the merchant does.
//
//   - Limits are the described ones: 600 variants, 250 values of an option, 1,000 images, 200 custom
//     fields, 250 metafields of a client; SKUs are unique among products and variants.
//   - An image is answered as recorded: at the store's own addresses, without the one it came from,
//     which only Dump shows. Nothing is downloaded: what is on a host under .invalid cannot be.
//   - A variant that joins a product names values that are there by their ids; a label that is new
//     is refused, as integrators recorded, and option_values of a variant that is there stay as they
//     were, without a word.
//   - What no document says is a choice: whether lists merge or replace, whether answers to writes
//     show the parts, whether a batch of variants is saved in part and which fields it takes
//     (Choices.ListsMerged, PartsNotAnswered, GoodOfBatchSaved, BatchTakesAll …).
//
// # How a collection is added
//
// A collection is a resource (resource.go): one file with its calls, events and state, one line in
// newResources, and tables of fields that internal/bigcommerce/cmd/fieldgen -table makes of its
// description. Dump is the account of everything that a store holds; resources add theirs.
//
// # What stands for stock
//
// Locations (inventory_locations.go), items (inventory_items.go, inventory_stock.go), what writes
// them (inventory_adjustments.go) and the settings of the inventory (inventory_settings.go) are
// resources. Store.AddLocation, SetLocationEnabled and SetStock are what the merchant does;
// Store.Stock accounts for the levels.
//
//   - An item is what the product's inventory_tracking says: the product, each of its variants, or
//     nothing. It is addressed so, by product_id, or by variant_id or SKU; which other ways are
//     taken is a choice (Choices).
//   - A batch of at most 2,000 is accepted or refused as a whole, with the cause in the title
//     alone: an unknown SKU or location, a disabled location, another way of tracking or none, a
//     negative or too large quantity (int32, for the variants of a product in sum too). Two titles
//     are described; of the others one form was recorded by an integrator, and the words are a
//     choice (Choices.StockTitles, one of which names nothing).
//   - A relative adjustment needs an absolute one before it at the location, and must leave the
//     safety stock; those under way count. Settings need one of warning_level, is_in_stock and
//     safety_stock: bin_picking_number alone is refused.
//   - Writes of stock and locations are answered with a transaction at once and seen after
//     Options.InventoryDelay of the sandbox's clock. They are journalled when they are answered.
//   - inventory_level, inventory_warning_level and bin_picking_number of the catalogue are those of
//     location 1, written from either side; inventory_level is what is available: on hand less the
//     safety stock.
//   - Bulk writes of stock go one at a time, another is 429. Beside bulk writes of the catalogue
//     BigCommerce takes them and its figures go wrong: Store.BulkOverlaps counts how often that
//     happened.
//   - A level that changed fires store/product/inventory/updated, or store/sku/inventory/updated
//     where variants are tracked, with the difference, and
//     store/channel/*/inventory/product/stock_changed. Nothing is fired earlier than the change is
//     seen, which is at the first request after it is due.
//   - As many locations may be enabled as the plan has. Location 1 can be neither disabled nor
//     deleted.
//
// # What stands for prices
//
// Price lists (price_lists.go), their records (price_records.go) and assignments
// (price_assignments.go), and the store's currencies (currencies.go) are resources.
// Store.AddCurrency adds a currency, Store.PriceRecords accounts for the records.
//
//   - A record is of a list, a variant and a currency; the variant is named by its id or its SKU, in any letter case
//     but not padded. The SKU of a product with options is none of a variant. The store must have the currency,
//     enabled or not.
//   - A refusal of a batch names each wrong record as it was sent, under batch_errors; across lists it is the first
//     alone. Whether the rest of the batch was saved is a choice (Choices.GoodOfBatchSaved), and so is what becomes of
//     fields that an upsert does not name, whether a record needs a price, and more (Choices).
//   - Prices have four decimals, as those of the catalogue. Bulk pricing tiers must not overlap.
//   - One upsert of records may run in a store at a time, whichever list it names; the answer to another is 429.
//   - A variant that is deleted takes its records along, a list its records and assignments.
//   - Assignments are unique by customer group and channel; a group with discounts takes none.
//   - Events of lists, records and assignments have no type and no id: they name price_list_id, variant_id and
//     currency (in capitals). A batch fires one event, whose data is an array. A write without news fires none.
//   - What is wrong with a record is worded by the sandbox: no description has words for it.
//
// # Where it departs from BigCommerce
//
//   - Webhook destinations must be https on port 443, except that the origin of the registered app
//     (Options.AppAuthURL) is accepted as it is, because a sandbox and its app meet on loopback.
//   - Callback URLs of the app may be plain http, for the same reason.
//   - Reviews, complex rules, the values of modifiers by themselves, deleting options, their values and
//     variants, and variants in an update of their product are not simulated: they answer 501.
//   - Customer attributes, form fields, metafields, consent and stored instruments are not simulated;
//     a write that has attributes or form fields answers 501. Addresses are taken when a customer is
//     made, but have no endpoints. A channel's settings for customers are allow_global_logins alone:
//     overrides of privacy and group settings answer 501, and the store-wide settings are not there.
//     Site routes and certificates, channel listings, menus and metafields are not simulated. Nothing
//     is mailed.
//   - Metafields of locations, pickup methods and orders are not simulated: no order holds a location, none moves stock.
//   - Not described, and so the sandbox's own: 422 for more than 2,000 items and for stock of an unknown location; a
//     code that two locations have is 422; default settings of the inventory; a location without a code gets one.
//   - What a price list is worth is not simulated: no storefront, cart or catalogue answer has its prices. A
//     customer group's discount_rules may name a price list, which is no assignment here.
//   - Not described, and so the sandbox's own: which of a description is filtered; the words about bulk prices, tax
//     classes, thumbnails, options and variants; the default channel's category tree cannot be deleted; the type of
//     an option that came of a variant (dropdown); the status of option values that another variant has (409); the
//     scope, the words and the statuses of refusals of redirects; assignments are all made or none.
//   - Not described, and so the sandbox's own: a second group of a name is 409, as the control panel
//     refuses it; a second site of a channel, or of an address, is 409; the default channel cannot be
//     deleted, and a deleted site of it goes back to the platform's address; scripts without channel_id
//     are the default channel's; a request that a script's limits refuse is 422.
//   - Storefronts are plain http. Those of every headless platform have Catalyst's addresses: of others
//     nothing is known.
//   - Sessions of shoppers and used login tokens are in memory only: a restart signs everybody out, and a
//     login token of the last 30 seconds could be used once more.
//   - Not described, and so the sandbox's own: an unknown app_client_id is 400; a login token with an iat of the future, or with a claim of the wrong type, is refused; group_id
//     of a customer without a group is "0". Real stores sign current-customer tokens HS512 with application_id equal
//     to aud, as here; no document says so.
//   - Of Handlebars only plain paths of the customer are filled in; other paths are empty, blocks and
//     helpers stay as they are. There is no cart, so enable_persistent_cart is checked and does nothing.
//     Consent is kept in the browser, not with the account.
//   - The login host's error bodies are not documented; RFC 6749's are used.
//   - Name and SKU filters ignore letter case but not padding: "FOO" does not find "FOO ", though the
//     two collide on create.
package sandbox
