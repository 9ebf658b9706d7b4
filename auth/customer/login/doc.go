// Package login makes the addresses that sign a shopper in at a storefront: BigCommerce's customer
// login, {storefront}/login/token/{jwt}.
//
//	redirect_to ──RedirectPath──▶ checked path ─┐
//	platform clock ──Clock──────▶ iat ──────────┴▶ Minter.URL ──▶ address, valid once and for 30 s
//
// Whoever has such an address is the customer: the package never logs one, never keeps one, and
// gives each a jti of its own. It never decides which customer somebody is, and reads no database.
package login
