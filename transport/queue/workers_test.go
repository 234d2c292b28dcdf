package queue

import (
	"runtime"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

// goroutine returns what tells one goroutine from another.
func goroutine() string {
	var b [64]byte
	return string(b[:runtime.Stack(b[:], false)])
}

func TestWorkersAreUsedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := NewWorkers(2)
		w.Open()
		defer w.Close()
		seen := make(map[string]int)
		for range 10 {
			var who string
			w.run(func() { who = goroutine() })
			synctest.Wait()
			seen[who]++
		}
		require.Len(t, seen, 1)
	})
}

func TestNoMoreWorkersWaitThanTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := NewWorkers(2)
		w.Open()
		var of sync.WaitGroup
		gate := make(chan struct{})
		for range 10 {
			of.Add(1)
			w.run(func() {
				defer of.Done()
				<-gate
			})
		}
		close(gate)
		of.Wait()
		synctest.Wait()
		require.Len(t, w.idle, 2)
		w.Close() // else the bubble does not end
	})
}

// What runs when they are closed ends by itself.
func TestWorkersEndWithTheLastClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := NewWorkers(10)
		w.run(func() {})
		synctest.Wait()
		require.Empty(t, w.idle, "they are not open")
		w.Open()
		w.Open()
		w.run(func() {})
		synctest.Wait()
		w.Close()
		require.Len(t, w.idle, 1)
		gate := make(chan struct{})
		w.run(func() { <-gate })
		w.run(func() {})
		synctest.Wait()
		w.Close()
		require.Empty(t, w.idle)
		close(gate)
		synctest.Wait()
		require.Empty(t, w.idle)
	})
}

// A goroutine that its function ends is none that waits.
func TestWorkerThatExits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := NewWorkers(10)
		w.Open()
		defer w.Close()
		w.run(runtime.Goexit)
		synctest.Wait()
		require.Empty(t, w.idle)
	})
}

func TestQueueOfWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := NewWorkers(4)
		w.Open()
		defer w.Close()
		var got []int
		q := New(Limits{}, func(batch []int) { got = append(got, batch...) })
		q.Employ(w)
		for i := range 100 {
			require.NoError(t, q.Put(i, 1))
			if i%7 == 0 {
				synctest.Wait()
			}
		}
		synctest.Wait()
		require.Len(t, got, 100)
		require.IsIncreasing(t, got)
		require.Len(t, w.idle, 1)
	})
}
