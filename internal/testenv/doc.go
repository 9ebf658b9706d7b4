// Package testenv gives tests real servers: Redis (alone or as a cluster), PostgreSQL and Chromium
// where their binaries are found on the machine, the embedded stand-ins otherwise, and always says
// which.
//
// SLUICE_TEST_REQUIRE (a comma-separated list of redis, postgres, chromium) turns a missing one
// into a failure; CI sets all three. Servers listen on loopback ports or sockets of their own, keep
// their files in a temporary folder, and end with the test process, however that ends: each runs
// under a shell that waits for the end of a pipe from us. The package is imported by tests and
// benchmarks only and starts nothing that they did not ask for.
package testenv
