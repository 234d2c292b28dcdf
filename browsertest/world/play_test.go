package world

import (
	"flag"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/isosocket/isosocket/transport/transporttest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	rounds     = flag.Int("rounds", 0, "how many rounds a test plays; 0 means as many as take some seconds")
	cutsPlayed = flag.Int("cuts", 60, "how many cuts of each transport TestCuts plays")
	oneSeed    = flag.Int("seed", -1, "the only seed to play")
)

// figures are what a test has played.
type figures struct {
	rounds                   int
	events                   int // that were accepted
	upgrades                 int
	faults                   transporttest.Faults
	lost, doubled, reordered int
}

func (f *figures) String() string {
	return fmt.Sprintf("%d rounds, %d events, %d upgrades, %d cuts, %d half-open, %d lost answers: lost %d, doubled %d, reordered %d",
		f.rounds, f.events, f.upgrades, f.faults.Cuts, f.faults.HalfOpen, f.faults.Losses, f.lost, f.doubled, f.reordered)
}

// count adds what one round has shown.
func (f *figures) count(v *verdict, n *transporttest.Network) {
	faults := n.Faults()
	f.faults.Cuts += faults.Cuts
	f.faults.HalfOpen += faults.HalfOpen
	f.faults.Losses += faults.Losses
	f.lost += v.lost
	f.doubled += v.doubled
	f.reordered += v.reordered
	f.rounds++
}

// demandAll demands that all has happened that the rounds are there for.
func (f *figures) demandAll(t *testing.T) {
	const enough = 50
	if *oneSeed < 0 && f.rounds >= enough && min(f.events, f.upgrades, f.faults.Cuts, f.faults.HalfOpen, f.faults.Losses) == 0 {
		t.Errorf("something has never happened: %v", f)
	}
}

// told is how many failures a test describes, each with its first problems.
const (
	told         = 10
	toldProblems = 4
)

// play plays rounds, each in a bubble of its own, and returns what they were.
func play(t *testing.T, byDefault int, round func(t *testing.T, seed uint64, v *verdict, f *figures)) *figures {
	n := byDefault
	switch {
	case *rounds > 0:
		n = *rounds
	case *oneSeed >= 0:
		n = 1
	}
	f := new(figures)
	failures := 0
	for i, reported := 0, time.Now(); i < n; i++ {
		seed := uint64(i)
		if *oneSeed >= 0 {
			seed = uint64(*oneSeed)
		}
		var v verdict
		bubble(t, seed, func(t *testing.T) { round(t, seed, &v, f) })
		if len(v.problems) > 0 {
			if failures++; failures <= told {
				t.Errorf("-seed %d: %d problems", seed, len(v.problems))
				for _, p := range v.problems[:min(len(v.problems), toldProblems)] {
					t.Logf("\t%s", p)
				}
			}
		}
		if time.Since(reported) > 5*time.Second {
			reported = time.Now()
			t.Logf("%d of %d, %d failed; %v", i+1, n, failures, f)
		}
	}
	t.Logf("%v; %d of the rounds failed", f, failures)
	return f
}

// bubble is synctest.Test that names the seed when goroutines are left in the bubble, which
// panics.
func bubble(t *testing.T, seed uint64, f func(t *testing.T)) {
	defer func() {
		if r := recover(); r != nil {
			panic(fmt.Sprintf("-seed %d: %v", seed, r))
		}
	}()
	synctest.Test(t, f)
}
