package upsert

import (
	"testing"
	"time"
)

func TestChoose(t *testing.T) {
	const short = 12 // bytes of a key
	tests := []struct {
		name           string
		unknown, known int64
		pages          int
		want           strategy
	}{
		{"nothing to find", 0, 0, -1, nothing},
		{"known ids only are never paged", 0, 100, -1, byLookup},
		{"many known ids only", 0, 2465, -1, byLookup},
		{"one look-up is no dearer than one page", 5, 0, -1, byLookup},
		{"a look-up each for ids and keys: the size matters", 5, 5, -1, firstPage},
		{"all forgotten: the size matters", 2465, 0, -1, firstPage},
		{"all forgotten, nine pages left", 2215, 0, 9, byPages},
		{"few unknown in a large store", 300, 0, 400, byLookup},
		{"an empty store has no more pages", 300, 0, 0, byPages},
		{"both ways equal: pages", 500, 0, 2, byPages},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, c := choose(tt.unknown, tt.known, tt.unknown*short, tt.pages, 250); got != tt.want {
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
