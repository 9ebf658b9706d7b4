package bigcommerce

import (
	"context"
	"errors"
	"iter"
	"net/http"
)

const (
	channelAssignmentsPath  = "/v3/catalog/products/channel-assignments"
	categoryAssignmentsPath = "/v3/catalog/products/category-assignments"
)

// MaxAssignments is how many Assign sends in one request. BigCommerce describes no limit.
const MaxAssignments = 250

// ChannelAssignment says that a product is sold on a channel.
type ChannelAssignment struct {
	ProductID int64 `json:"product_id"`
	ChannelID int64 `json:"channel_id"`
}

// CategoryAssignment says that a product is in a category, of whichever tree.
type CategoryAssignment struct {
	ProductID  int64 `json:"product_id"`
	CategoryID int64 `json:"category_id"`
}

// ChannelAssignments walks the channels of products; no products means all.
func (s *ProductsService) ChannelAssignments(ctx context.Context, products []int64) iter.Seq2[*ChannelAssignment, error] {
	return collect[*ChannelAssignment](ctx, s.client, channelAssignmentsPath, 0, productsIn(products))
}

// AssignChannels adds up to MaxAssignments assignments; those that are there stay. It may be
// repeated. Requests of it go one at a time: BigCommerce asks for that.
func (s *ProductsService) AssignChannels(ctx context.Context, list []ChannelAssignment) error {
	return assign(ctx, s.client, channelAssignmentsPath, list)
}

// UnassignChannels takes products out of channels: each of the products out of each of the channels.
func (s *ProductsService) UnassignChannels(ctx context.Context, products, channels []int64) error {
	return unassign(ctx, s.client, channelAssignmentsPath, products, "channel_id:in", channels)
}

// CategoryAssignments walks the categories of products; no products means all.
func (s *ProductsService) CategoryAssignments(ctx context.Context, products []int64) iter.Seq2[*CategoryAssignment, error] {
	return collect[*CategoryAssignment](ctx, s.client, categoryAssignmentsPath, 0, productsIn(products))
}

// AssignCategories adds up to MaxAssignments assignments; those that are there stay. It may be
// repeated.
func (s *ProductsService) AssignCategories(ctx context.Context, list []CategoryAssignment) error {
	return assign(ctx, s.client, categoryAssignmentsPath, list)
}

// UnassignCategories takes each of the products out of each of the categories.
func (s *ProductsService) UnassignCategories(ctx context.Context, products, categories []int64) error {
	return unassign(ctx, s.client, categoryAssignmentsPath, products, "category_id:in", categories)
}

func productsIn(products []int64) func(*query) error {
	return func(q *query) error {
		q.nums("product_id:in", products)
		return nil
	}
}

func assign[T any](ctx context.Context, c *Client, path string, list []T) error {
	if len(list) == 0 || len(list) > MaxAssignments {
		return errors.New("bigcommerce: an update takes 1 to 250 assignments")
	}
	_, _, err := send[none](ctx, c, request{method: http.MethodPut, path: path, body: list})
	return err
}

// unassign insists on both filters: with one alone a request takes away more than it names.
func unassign(ctx context.Context, c *Client, path string, products []int64, filter string, ids []int64) error {
	if len(products) == 0 || len(ids) == 0 {
		return errors.New("bigcommerce: assignments are removed by product and by what it is assigned to")
	}
	var q query
	q.nums("product_id:in", products)
	q.nums(filter, ids)
	_, _, err := send[none](ctx, c, request{method: http.MethodDelete, path: path, query: q.String()})
	return err
}
