package jobs

import (
	"context"
	"errors"

	"sluice/internal/bigcommerce"
	"sluice/jobs/queue"
	"sluice/tenants"
)

// doStoreRefresh reads the store's name, domain, time zone and plan. No payload.
func (w *Workers) doStoreRefresh(ctx context.Context, j *job) error {
	client, err := w.cfg.Clients.Client(ctx, j.row.StoreHash, nil)
	if err != nil {
		return err
	}
	info, err := client.Store.Get(ctx)
	var forbidden *bigcommerce.ForbiddenError
	if errors.As(err, &forbidden) { // it goes on by what was known, in UTC if nothing was
		j.log.WarnContext(ctx, "BigCommerce does not let Sluice see the store's settings", "scope", bigcommerce.ScopeInformationRead, "error", err)
		return nil
	}
	if err != nil {
		return err
	}
	var row *tenants.Job
	err = w.db.Tx(ctx, func(tx *tenants.DB) error {
		row = nil
		before, err := tx.Store(ctx, j.row.StoreHash)
		if err != nil {
			return err
		}
		err = tx.SetStoreInfo(ctx, j.row.StoreHash, tenants.StoreInfo{
			Name: info.Name, Domain: info.Domain, SecureURL: info.SecureURL, PlanName: info.PlanName,
			Timezone: info.Timezone.Name, Currency: info.Currency, WeightUnits: info.WeightUnits, LengthUnits: info.DimensionUnits,
		})
		if err != nil {
			return err
		}
		after, err := tx.Store(ctx, j.row.StoreHash)
		if err != nil {
			return err
		}
		if after.SecureURL != before.SecureURL { // where channel 1 is, if nothing else tells
			if row, err = w.s.enqueueCoalesced(ctx, tx, kindStorefrontChannels, queue.LaneBulk); err != nil {
				return err
			}
		}
		if after.Timezone == before.Timezone {
			return nil
		}
		return w.s.reschedule(ctx, tx, after.Timezone)
	})
	if err != nil {
		return err
	}
	if row != nil {
		j.next = append(j.next, row)
	}
	w.s.publish(ctx, j.row.StoreHash, EventStore)
	return nil
}
