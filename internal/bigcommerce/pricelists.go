package bigcommerce

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"strconv"
	"time"
)

const (
	priceListsPath  = "/v3/pricelists"
	assignmentsPath = "/v3/pricelists/assignments"
)

// MaxAssignmentsPerCreate is the most price list assignments that one request takes.
const MaxAssignmentsPerCreate = 25

// PriceListsService is price lists, their records and to whom they are assigned (V3). Scope
// store_v2_products.
type PriceListsService struct{ service }

// PriceList is prices that replace the catalogue's for whom it is assigned to. Its name is unique
// in the store.
type PriceList struct {
	ID           int64     `json:"id"`
	Name         string    `json:"name"`
	Active       bool      `json:"active"`
	DateCreated  time.Time `json:"date_created"`
	DateModified time.Time `json:"date_modified"`
}

// PriceListFilter narrows a list of price lists; a zero field filters nothing.
type PriceListFilter struct {
	IDs   []int64 // id:in
	Name  string  // name, exactly
	Limit int     // items a page; 0 means MaxPageSize
}

func (f PriceListFilter) writeTo(q *query) error {
	q.nums("id:in", f.IDs)
	q.str("name", f.Name)
	return nil
}

// List walks every price list that matches.
func (s *PriceListsService) List(ctx context.Context, f PriceListFilter) iter.Seq2[*PriceList, error] {
	return collect[*PriceList](ctx, s.client, priceListsPath, f.Limit, f.writeTo)
}

// Create creates a price list without records. A name that is taken is a *ConflictError. It is
// never sent twice: after an *UnavailableError with Sent, look the name up.
func (s *PriceListsService) Create(ctx context.Context, name string, active bool) (PriceList, error) {
	body := struct {
		Name   string `json:"name"`
		Active bool   `json:"active"`
	}{name, active}
	return writeOne[PriceList](ctx, s.client, request{method: http.MethodPost, path: priceListsPath, body: body})
}

// PriceListAssignment says for whom a price list counts: a customer group, the shoppers of a
// channel, or a group on a channel.
type PriceListAssignment struct {
	ID              int64 `json:"id,omitempty"` // read-only
	PriceListID     int64 `json:"price_list_id"`
	CustomerGroupID int64 `json:"customer_group_id,omitempty"` // 0 for no group
	ChannelID       int64 `json:"channel_id,omitempty"`        // 0 for no channel
}

// AssignmentFilter narrows a list of price list assignments; a zero field filters nothing.
type AssignmentFilter struct {
	PriceListIDs     []int64 // price_list_id:in
	CustomerGroupIDs []int64 // customer_group_id:in
	ChannelIDs       []int64 // channel_id:in
	Limit            int     // items a page; 0 means MaxPageSize
}

func (f AssignmentFilter) writeTo(q *query) error {
	q.nums("price_list_id:in", f.PriceListIDs)
	q.nums("customer_group_id:in", f.CustomerGroupIDs)
	q.nums("channel_id:in", f.ChannelIDs)
	return nil
}

// Assignments walks every assignment that matches.
func (s *PriceListsService) Assignments(ctx context.Context, f AssignmentFilter) iter.Seq2[*PriceListAssignment, error] {
	return collect[*PriceListAssignment](ctx, s.client, assignmentsPath, f.Limit, f.writeTo)
}

// Assign makes up to MaxAssignmentsPerCreate assignments. One that is there already, for this list
// or another, is a *ValidationError: leave out what Assignments has, and see Reassign. It is never
// sent twice: after an *UnavailableError with Sent, list them.
func (s *PriceListsService) Assign(ctx context.Context, assignments []PriceListAssignment) error {
	if len(assignments) == 0 || len(assignments) > MaxAssignmentsPerCreate {
		return fmt.Errorf("bigcommerce: %d price list assignments in one request, must be 1 to %d",
			len(assignments), MaxAssignmentsPerCreate)
	}
	body := make([]PriceListAssignment, len(assignments))
	for i, a := range assignments {
		if a.PriceListID == 0 || a.CustomerGroupID == 0 && a.ChannelID == 0 {
			return fmt.Errorf("bigcommerce: price list assignment %d needs a price list and a group or a channel", i)
		}
		a.ID = 0
		body[i] = a
	}
	_, _, err := send[none](ctx, s.client, request{method: http.MethodPost, path: assignmentsPath, body: body})
	return err
}

// Reassign gives a customer group on a channel this price list, instead of the one that it may
// have. A group or channel that is not there is a *NotFoundError.
func (s *PriceListsService) Reassign(ctx context.Context, listID, customerGroupID, channelID int64) (PriceListAssignment, error) {
	body := struct {
		CustomerGroupID int64 `json:"customer_group_id"`
		ChannelID       int64 `json:"channel_id"`
	}{customerGroupID, channelID}
	return writeOne[PriceListAssignment](ctx, s.client, request{
		method: http.MethodPut, path: listPath(listID) + "/assignments", body: body,
	})
}

// listPath is the path of one price list.
func listPath(id int64) string { return priceListsPath + "/" + strconv.FormatInt(id, 10) }
