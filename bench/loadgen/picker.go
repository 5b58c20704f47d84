package main

import (
	"fmt"
	"math/rand"
)

// scatter spreads the ranks of Zipf over the numbers of the accounts, so that the busiest do not lie side by side in the
// store. It is prime, and so reaches every number.
const scatter = 7_368_787

// picker chooses the account of the next debit: in turn, each as likely as the other, or the few busiest most often
// (Zipf: the account of rank k is chosen in proportion to (1+k)^-exponent, k from 0). Each connection has its own.
type picker struct {
	accounts uint64
	choose   func() uint64
}

func newPicker(o options, connection int) (*picker, error) {
	chance := rand.New(rand.NewSource(int64(connection) + 1))
	p := &picker{accounts: uint64(o.accounts)}
	switch o.pick {
	case "turn":
		turn := uint64(connection)
		p.choose = func() uint64 {
			turn += uint64(o.connections)
			return (turn - uint64(o.connections)) % p.accounts
		}
	case "uniform":
		p.choose = func() uint64 { return uint64(chance.Int63n(int64(p.accounts))) }
	case "zipf":
		ranks := rand.NewZipf(chance, o.exponent, 1, p.accounts-1)
		if ranks == nil {
			return nil, fmt.Errorf("an exponent above 1 is needed, not %v", o.exponent)
		}
		p.choose = func() uint64 { return ranks.Uint64() * scatter % p.accounts }
	default:
		return nil, fmt.Errorf("accounts are picked by turn, uniform or zipf, not %q", o.pick)
	}
	return p, nil
}

func (p *picker) next() uint64 { return p.choose() }
