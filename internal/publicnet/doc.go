// Package publicnet lets Sluice connect to addresses that merchants typed in (a feed, an identity
// provider) without letting them reach into the network that Sluice runs in.
//
// A Guard stands in the dialer, so it sees the very address that is connected to: after the name
// was resolved, and again for each redirect. It admits public addresses over TLS (ranges.go), and
// what the operator's list of private ranges names. It never looks names up itself, never goes
// through a proxy, and knows nothing of what is fetched.
package publicnet
