package upsert

import (
	"cmp"
	"testing"
	"time"
)

func TestChoose(t *testing.T) {
	const short = 12 // bytes of a key
	tests := []struct {
		name           string
		unknown, known int64
		pages          int
		pageSize       int // 0: 250
		want           strategy
	}{
		{"nothing to find", 0, 0, -1, 0, nothing},
		{"known ids only are never paged", 0, 100, -1, 0, byLookup},
		{"many known ids only", 0, 2465, -1, 0, byLookup},
		{"known ids only, and pages that have four times as many", 0, 2465, -1, 1000, firstPage},
		{"a look-up's worth of known ids, and such pages", 0, 250, -1, 1000, byLookup},
		{"one look-up is no dearer than one page", 5, 0, -1, 0, byLookup},
		{"a look-up each for ids and keys: the size matters", 5, 5, -1, 0, firstPage},
		{"all forgotten: the size matters", 2465, 0, -1, 0, firstPage},
		{"all forgotten, nine pages left", 2215, 0, 9, 0, byPages},
		{"few unknown in a large store", 300, 0, 400, 0, byLookup},
		{"an empty store has no more pages", 300, 0, 0, 0, byPages},
		{"both ways equal: pages", 500, 0, 2, 0, byPages},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, c := choose(tt.unknown, tt.known, tt.unknown*short, tt.pages, 250, cmp.Or(tt.pageSize, 250)); got != tt.want {
				t.Errorf("choose = %v (%+v), want %v", got, c, tt.want)
			}
		})
	}
}

func TestLongKeysMakeLookUpsDearer(t *testing.T) {
	if got := chunks(250, 250*12, 250); got != 1 {
		t.Errorf("250 short keys: %d requests", got)
	}
	if got := chunks(250, 250*100, 250); got != 6 {
		t.Errorf("250 long keys: %d requests", got)
	}
}

func TestDuration(t *testing.T) {
	tests := []struct {
		requests int64
		quota    int
		window   time.Duration
		want     time.Duration
	}{
		{150, 150, 30 * time.Second, 30 * time.Second},
		{2465, 450, time.Second, 2465 * time.Second / 450},
		{150, 0, 0, 30 * time.Second}, // unknown quota: the smallest one
		{0, 150, time.Second, 0},
	}
	for _, tt := range tests {
		if got := duration(tt.requests, tt.quota, tt.window); got != tt.want {
			t.Errorf("duration(%d, %d, %v) = %v, want %v", tt.requests, tt.quota, tt.window, got, tt.want)
		}
	}
}
