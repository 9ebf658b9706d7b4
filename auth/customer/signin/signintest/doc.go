// Package signintest has a BigCommerce for tests of sign-ins: the customers of any number of stores
// and the platform's clock, behind the real API client. It checks tokens and takes what the tests
// need; the sandbox is the one that enforces every rule.
package signintest
