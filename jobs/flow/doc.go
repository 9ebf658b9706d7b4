// Package flow says what a kind of flow is, without knowing any record.
package flow
