package queue

import "hash/fnv"

// jump is Lamping and Veach's jump consistent hash of key into n buckets: growing n moves only 1/n
// of the keys.
func jump(key string, n int) int {
	if n <= 1 {
		return 0
	}
	f := fnv.New64a()
	_, _ = f.Write([]byte(key)) // never fails
	h := f.Sum64()
	b, j := int64(-1), int64(0)
	for j < int64(n) {
		b = j
		h = h*2862933555777941757 + 1
		j = int64(float64(b+1) * (float64(int64(1)<<31) / float64((h>>33)+1)))
	}
	return int(b)
}
