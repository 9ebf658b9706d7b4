// Package tenantstest gives tests a database: real, migrated, empty and their own. It is imported
// by tests only.
package tenantstest
