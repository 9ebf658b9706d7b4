package prices

import "testing"

// TestCurrencyOfAKey: a price of a price list is in the list's currency, not in the store's own.
func TestCurrencyOfAKey(t *testing.T) {
	for key, want := range map[string]string{
		keyOf("A", nil, nil).Shown:                 "",
		keyOf("A · B", nil, nil).Shown:             "",
		keyOf("A", "Dealers", "EUR").Shown:         "EUR",
		keyOf("A", "Dealers", "EUR").Folded:        "EUR",
		keyOf("A · B", "Dealers · x", "USD").Shown: "USD",
		keyOf("A", "Dealers", nil).Shown:           "",
	} {
		if got := (prices{}).Currency(key); got != want {
			t.Errorf("%q: %q, want %q", key, got, want)
		}
	}
}
