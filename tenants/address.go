package tenants

import "context"

type addressKey struct{}

// WithAddress returns a context whose audit entries say from which network address the caller came.
func WithAddress(ctx context.Context, address string) context.Context {
	return context.WithValue(ctx, addressKey{}, address)
}

func addressFrom(ctx context.Context) string {
	s, _ := ctx.Value(addressKey{}).(string)
	return s
}
