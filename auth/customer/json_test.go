package customer

import (
	"encoding/json"
	"testing"
	"time"
)

// FuzzJSON holds the texts that are put together by hand to those of encoding/json.
func FuzzJSON(f *testing.F) {
	for _, s := range []string{"", "john.doe@example.com", `a"b\c`, "<é>&\u2028", "\x00\x7f\xff", "日本"} {
		f.Add(int64(7), s, "6", "abc123")
	}
	f.Fuzz(func(t *testing.T, id int64, email, group, session string) {
		at := time.Unix(id%253402300799, 0).UTC() // to the year 9999: later ones have no form in JSON
		if at.Year() < 0 {
			at = time.Unix(0, 0).UTC()
		}
		c := current{Customer: Shopper{ID: id, Email: email, GroupID: group}, StoreHash: group, ExpiresAt: at, Session: text(b64(session)), Account: session}
		i := issued{Issuer: sessionIssuer, Audience: sessionAudience, Subject: id, ExpiresAt: id, StoreHash: group, Email: email}
		for _, test := range []struct {
			value any
			got   []byte
		}{{c, c.appendJSON(nil)}, {i, i.appendJSON(nil)}} {
			want, err := json.Marshal(test.value)
			if err != nil || string(want) != string(test.got) {
				t.Errorf("%s, want %s, %v", test.got, want, err)
			}
		}
	})
}
