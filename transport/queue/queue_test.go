package queue_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/isosocket/isosocket/transport/queue"
	"github.com/stretchr/testify/require"
)

// consumer drains a queue of strings at the test's command: each batch waits for a release.
type consumer struct {
	batches [][]string
	release chan struct{}
}

func newConsumer() *consumer { return &consumer{release: make(chan struct{})} }

func (c *consumer) drain(batch []string) {
	c.batches = append(c.batches, slices.Clone(batch))
	<-c.release
}

// done lets the batch in work end and waits for what comes of it.
func (c *consumer) done() {
	c.release <- struct{}{}
	synctest.Wait()
}

// put puts the items one after the other: an idle queue drains the first by itself.
func put(t *testing.T, q *queue.Queue[string], items ...string) {
	t.Helper()
	for _, item := range items {
		require.NoError(t, q.Put(item, len(item)))
		synctest.Wait()
	}
}

func size(item string) int { return len(item) }

func TestBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsumer()
		q := queue.New(queue.Limits{}, c.drain)
		put(t, q, "a")
		require.Equal(t, [][]string{{"a"}}, c.batches)
		put(t, q, "b", "c", "d")
		require.Len(t, c.batches, 1, "one batch at a time")
		require.Equal(t, 4, q.Len())
		c.done()
		require.Equal(t, [][]string{{"a"}, {"b", "c", "d"}}, c.batches)
		require.Equal(t, 3, q.Len())
		put(t, q, "e")
		c.done()
		require.Equal(t, []string{"e"}, c.batches[2])
		c.done()
		require.Zero(t, q.Len())
		put(t, q, "f") // the goroutine has ended, and another one begins
		require.Equal(t, []string{"f"}, c.batches[3])
		c.done()
	})
}

func TestIdleQueueHasNoGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		before := runtime.NumGoroutine()
		c := newConsumer()
		q := queue.New(queue.Limits{}, c.drain)
		require.Equal(t, before, runtime.NumGoroutine())
		put(t, q, "a")
		require.Equal(t, before+1, runtime.NumGoroutine())
		put(t, q, "b")
		require.Equal(t, before+1, runtime.NumGoroutine())
		c.done()
		c.done()
		require.Equal(t, before, runtime.NumGoroutine())
	})
}

func TestDrainPuts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var q queue.Queue[int]
		var got []int
		q.Init(queue.Limits{MaxItems: 2}, func(batch []int) {
			for _, n := range batch {
				got = append(got, n)
				if n > 0 {
					require.NoError(t, q.Put(n-1, 0))
				}
			}
		})
		require.NoError(t, q.Put(3, 0))
		synctest.Wait()
		require.Equal(t, []int{3, 2, 1, 0}, got)
	})
}

func TestLimits(t *testing.T) {
	for _, tt := range []struct {
		name   string
		limits queue.Limits
		fits   []string
		full   string
	}{
		{"items", queue.Limits{MaxItems: 3}, []string{"a", "b", "c"}, ""},
		{"bytes", queue.Limits{MaxBytes: 5}, []string{"aa", "bbb"}, "c"},
		{"bytes, an item of none fits", queue.Limits{MaxBytes: 5}, []string{"aa", "bbb", "", ""}, "c"},
		{"an item over the limit when empty", queue.Limits{MaxBytes: 5}, []string{"aaaaaaaa"}, "b"},
		{"an item over the limit when not empty", queue.Limits{MaxBytes: 5}, []string{"a"}, "bbbbb"},
		{"an item over the limit when half is taken", queue.Limits{MaxBytes: 6}, []string{"aaa", "bbbbbbbb"}, "c"},
		{"an item over the limit when more is taken", queue.Limits{MaxBytes: 6}, []string{"aaaa"}, "bbbbbbbb"},
		{"both", queue.Limits{MaxItems: 2, MaxBytes: 5}, []string{"a", "b"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newConsumer()
				q := queue.New(tt.limits, c.drain)
				put(t, q, tt.fits...) // the first is being drained, the others wait
				require.ErrorIs(t, q.Put(tt.full, len(tt.full)), queue.ErrFull)
				require.Equal(t, len(tt.fits), q.Len())
				for q.Len() > 0 {
					c.done()
				}
				put(t, q, tt.full)
				c.done()
			})
		})
	}
}

func TestItemInWorkCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsumer()
		q := queue.New(queue.Limits{MaxBytes: 4}, c.drain)
		put(t, q, "aa", "bb")
		require.ErrorIs(t, q.Put("c", 1), queue.ErrFull)
		c.done() // of "aa"
		put(t, q, "cc")
		require.ErrorIs(t, q.Put("d", 1), queue.ErrFull)
		c.done() // of "bb"
		c.done() // of "cc"
		require.Zero(t, q.Len())
	})
}

func TestRelease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release, released, done := make(chan int), make(chan struct{}), make(chan struct{})
		var q *queue.Queue[string]
		q = queue.New(queue.Limits{MaxItems: 3, MaxBytes: 6}, func(batch []string) {
			for n := range release {
				q.Release(n, 2*n)
				released <- struct{}{}
			}
			<-done
		})
		q.PauseNow()
		put(t, q, "aa", "bb", "cc")
		q.Resume()
		for _, n := range []int{1, 2} {
			require.ErrorIs(t, q.Put("x", 1), queue.ErrFull)
			release <- n
			<-released
			for range n {
				put(t, q, "dd")
			}
		}
		require.ErrorIs(t, q.Put("x", 1), queue.ErrFull)
		require.Equal(t, 3, q.Len())
		close(release)
		done <- struct{}{} // the first batch: nothing of it is given back twice
		synctest.Wait()
		require.ErrorIs(t, q.Put("x", 1), queue.ErrFull)
		done <- struct{}{}
		synctest.Wait()
		require.Zero(t, q.Len())
		put(t, q, "aa", "bb", "cc")
		require.ErrorIs(t, q.Put("x", 1), queue.ErrFull)
		close(done)
		require.NoError(t, q.Wait(t.Context()))
	})
}

// A drain function that ends its goroutine has drained its batch.
func TestGoexit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var q queue.Queue[string]
		var batches [][]string
		q.Init(queue.Limits{MaxBytes: 6}, func(batch []string) {
			batches = append(batches, slices.Clone(batch))
			if batch[0] == "aa" {
				q.Release(1, 2)
				require.NoError(t, q.Put("bb", 2))
				require.NoError(t, q.Put("cc", 2))
			}
			runtime.Goexit()
		})
		waited := make(chan error, 2)
		put(t, &q, "aa")
		go func() { waited <- q.Wait(t.Context()) }()
		go func() { waited <- q.Pause(t.Context()) }()
		require.NoError(t, <-waited)
		require.NoError(t, <-waited)
		require.Equal(t, [][]string{{"aa"}, {"bb", "cc"}}, batches)
		require.Zero(t, q.Len())
		q.Resume()
		require.NoError(t, q.Put("123456", 6), "all room was given back")
		synctest.Wait()
		require.Len(t, batches, 3)
	})
}

func TestForce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsumer()
		q := queue.New(queue.Limits{MaxItems: 1, MaxBytes: 1}, c.drain)
		put(t, q, "a")
		require.NoError(t, q.Force("control", 7))
		require.Equal(t, 2, q.Len())
		c.done()
		require.Equal(t, [][]string{{"a"}, {"control"}}, c.batches)
		require.ErrorIs(t, q.Put("b", 1), queue.ErrFull)
		c.done()
		q.Close()
		require.ErrorIs(t, q.Force("control", 7), queue.ErrClosed)
	})
}

func TestWaitBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsumer()
		q := queue.New(queue.Limits{}, c.drain)
		put(t, q, "aaa", "bbb")
		require.Equal(t, 6, q.Bytes())
		require.NoError(t, q.WaitBytes(t.Context(), 6))
		waited := make(chan error, 1)
		go func() { waited <- q.WaitBytes(t.Context(), 3) }()
		synctest.Wait()
		require.Empty(t, waited)
		c.done() // of "aaa"
		require.NoError(t, <-waited)

		stop := errors.New("stop")
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(stop)
		require.Equal(t, stop, q.WaitBytes(ctx, 0))

		go func() { waited <- q.WaitBytes(t.Context(), 0) }()
		synctest.Wait()
		q.Close() // "bbb" is in work still
		synctest.Wait()
		require.Equal(t, queue.ErrClosed, <-waited)
		c.done()
		require.Equal(t, queue.ErrClosed, q.WaitBytes(t.Context(), 0))
	})
}

func TestPutWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsumer()
		q := queue.New(queue.Limits{MaxItems: 1}, c.drain)
		require.NoError(t, q.PutWait(t.Context(), "a", 1))
		synctest.Wait()

		err := make(chan error, 1)
		go func() { err <- q.PutWait(t.Context(), "b", 1) }()
		synctest.Wait()
		require.Empty(t, err, "waits for room")
		c.done()
		require.NoError(t, <-err)
		require.Equal(t, [][]string{{"a"}, {"b"}}, c.batches)
		c.done()
	})
}

func TestPutWaitEnds(t *testing.T) {
	cause := errors.New("given up")
	for _, tt := range []struct {
		name string
		end  func(q *queue.Queue[string], cancel context.CancelCauseFunc)
		want error
	}{
		{"when ctx is over, with its cause", func(_ *queue.Queue[string], cancel context.CancelCauseFunc) { cancel(cause) }, cause},
		{"when the queue closes", func(q *queue.Queue[string], _ context.CancelCauseFunc) { q.Close() }, queue.ErrClosed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newConsumer()
				q := queue.New(queue.Limits{MaxItems: 1}, c.drain)
				put(t, q, "a")
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				err := make(chan error, 1)
				go func() { err <- q.PutWait(ctx, "b", 1) }()
				synctest.Wait()
				tt.end(q, cancel)
				require.Equal(t, tt.want, <-err)
				c.done()
				require.Equal(t, [][]string{{"a"}}, c.batches)
			})
		})
	}
}

func TestPutWaitPrefersRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsumer()
		q := queue.New(queue.Limits{MaxItems: 1}, c.drain)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.NoError(t, q.PutWait(ctx, "a", 1))
		require.ErrorIs(t, q.PutWait(ctx, "b", 1), context.Canceled)
		c.done()
	})
}

func TestPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsumer()
		q := queue.New(queue.Limits{}, c.drain)
		put(t, q, "a", "b")
		paused := make(chan error, 1)
		go func() { paused <- q.Pause(t.Context()) }()
		synctest.Wait()
		require.Empty(t, paused, "waits for the batch in work")
		c.done()
		require.NoError(t, <-paused)
		put(t, q, "c")
		require.Equal(t, [][]string{{"a"}}, c.batches)
		require.Equal(t, 2, q.Len())

		require.NoError(t, q.Pause(t.Context()), "twice is once")
		q.Resume()
		synctest.Wait()
		require.Equal(t, [][]string{{"a"}, {"b", "c"}}, c.batches)
		c.done()
		q.Resume()
		require.Zero(t, q.Len())
	})
}

func TestPauseGivesUpWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsumer()
		q := queue.New(queue.Limits{}, c.drain)
		put(t, q, "a", "b")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, q.Pause(ctx), context.DeadlineExceeded)
		c.done()
		require.Equal(t, [][]string{{"a"}}, c.batches, "is paused all the same")
		q.Resume()
		c.done()
	})
}

func TestPauseNowWithinDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var q queue.Queue[string]
		var got []string
		q.Init(queue.Limits{}, func(batch []string) {
			got = append(got, batch...)
			require.NoError(t, q.Put("later", 0))
			q.PauseNow()
		})
		put(t, &q, "a")
		require.Equal(t, []string{"a"}, got)
		require.Equal(t, []string{"later"}, q.Take(nil, func(string) int { return 0 }))
	})
}

func TestTake(t *testing.T) {
	first := func(n int) func(string) bool {
		return func(string) bool { n--; return n >= 0 }
	}
	for _, tt := range []struct {
		name  string
		fit   func(string) bool
		taken int
	}{
		{"all", nil, 4},
		{"all that fit", first(100), 4},
		{"some", first(2), 2},
		{"none", first(0), 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newConsumer()
				q := queue.New(queue.Limits{MaxBytes: 10}, c.drain)
				q.PauseNow()
				items := []string{"a", "bb", "ccc", "dddd"}
				put(t, q, items...)
				require.ErrorIs(t, q.Put("e", 1), queue.ErrFull)

				taken := q.Take(tt.fit, size)
				require.Equal(t, items[:tt.taken], append([]string{}, taken...))
				require.Equal(t, len(items)-tt.taken, q.Len())
				free := 0
				for _, item := range taken {
					free += len(item)
				}
				if free > 0 {
					require.NoError(t, q.Put("the rest", free))
					require.ErrorIs(t, q.Put("e", 1), queue.ErrFull, "gave back what it took and no more")
				}
				require.Equal(t, items[:tt.taken], append([]string{}, taken...), "later items leave it alone")
				_ = append(taken, "overwritten")
				left := items[tt.taken:]
				if free > 0 {
					left = append(slices.Clone(left), "the rest")
				}
				require.Equal(t, left, append([]string{}, q.Close()...))
			})
		})
	}
}

func TestTakeMakesRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsumer()
		q := queue.New(queue.Limits{MaxItems: 1}, c.drain)
		q.PauseNow()
		put(t, q, "a")
		err := make(chan error, 1)
		go func() { err <- q.PutWait(t.Context(), "b", 1) }()
		synctest.Wait()
		require.Equal(t, []string{"a"}, q.Take(nil, size))
		require.NoError(t, <-err)
		require.Equal(t, []string{"b"}, q.Take(nil, size))
		require.Empty(t, q.Take(nil, size))
	})
}

func TestTakeLeavesTheBatchInWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsumer()
		q := queue.New(queue.Limits{MaxBytes: 3}, c.drain)
		put(t, q, "a", "b", "c")
		require.Equal(t, []string{"b", "c"}, q.Take(nil, size))
		require.Equal(t, 1, q.Len())
		put(t, q, "dd")
		require.ErrorIs(t, q.Put("e", 1), queue.ErrFull)
		c.done()
		require.Equal(t, [][]string{{"a"}, {"dd"}}, c.batches)
		c.done()
		put(t, q, "eee")
		require.ErrorIs(t, q.Put("f", 1), queue.ErrFull)
		c.done()
	})
}

// Items must not be held by the buffer that had them: they may be large and their peer gone.
func TestBuffersAreLetGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsumer()
		var batches [][]string // not copied, against the rules
		q := queue.New(queue.Limits{}, func(batch []string) {
			batches = append(batches, batch)
			c.drain(batch)
		})
		put(t, q, "a", "b", "c", "d")
		c.done()
		require.Equal(t, [][]string{{""}, {"b", "c", "d"}}, batches, "a batch is cleared when it is done")
		c.done()
		require.Equal(t, []string{"", "", ""}, batches[1])

		put(t, q, "e", "f", "g", "h")
		c.done()
		put(t, q, "i", "j", "k")
		c.done()
		c.done()
		put(t, q, "l")
		require.Equal(t, 1, cap(batches[5]), "an idle queue keeps no buffer")
		c.done()
	})
}

func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsumer()
		q := queue.New(queue.Limits{}, c.drain)
		put(t, q, "a", "b", "c")
		require.Equal(t, []string{"b", "c"}, q.Close())
		require.ErrorIs(t, q.Put("d", 1), queue.ErrClosed)
		require.ErrorIs(t, q.PutWait(t.Context(), "d", 1), queue.ErrClosed)
		require.Equal(t, 1, q.Len(), "the batch in work")

		waited := make(chan error, 1)
		go func() { waited <- q.Wait(t.Context()) }()
		synctest.Wait()
		require.Empty(t, waited)
		c.done()
		require.NoError(t, <-waited)
		require.Equal(t, [][]string{{"a"}}, c.batches)
		require.Zero(t, q.Len())
		require.Empty(t, q.Close())
	})
}

func TestClosePaused(t *testing.T) {
	q := queue.New(queue.Limits{}, func([]string) { t.Error("drained") })
	q.PauseNow()
	require.NoError(t, q.Put("a", 1))
	require.Equal(t, []string{"a"}, q.Close())
	q.Resume()
	require.NoError(t, q.Wait(t.Context()))
}

func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConsumer()
		q := queue.New(queue.Limits{}, c.drain)
		require.NoError(t, q.Wait(t.Context()), "of an empty queue")
		put(t, q, "a", "b")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, q.Wait(ctx), context.DeadlineExceeded)

		waited := make(chan error, 1)
		go func() { waited <- q.Wait(t.Context()) }()
		c.done()
		require.Empty(t, waited, "one batch is left")
		c.done()
		require.NoError(t, <-waited)
	})
}

func TestWaitForTake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := queue.New(queue.Limits{}, func([]string) { t.Error("drained") })
		q.PauseNow()
		put(t, q, "a")
		waited := make(chan error, 1)
		go func() { waited <- q.Wait(t.Context()) }()
		synctest.Wait()
		require.Empty(t, waited)
		q.Take(nil, size)
		require.NoError(t, <-waited)
	})
}

// TestConcurrent is for the race detector: every item comes out once, those of a producer in order.
func TestConcurrent(t *testing.T) {
	const producers, items = 8, 500
	type item struct{ producer, n int }
	var got [producers]int
	var draining sync.Mutex
	q := queue.New(queue.Limits{MaxItems: 16}, func(batch []item) {
		require.True(t, draining.TryLock(), "drained by two goroutines at once")
		defer draining.Unlock()
		for _, it := range batch {
			if it.n != got[it.producer] {
				t.Errorf("producer %d: item %d in place of %d", it.producer, it.n, got[it.producer])
			}
			got[it.producer]++
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var wg sync.WaitGroup
	for p := range producers {
		wg.Go(func() {
			for n := range items {
				if err := q.PutWait(ctx, item{p, n}, 1); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Go(func() {
		for range items {
			if err := q.Pause(ctx); err != nil {
				t.Error(err)
			}
			q.Resume()
		}
	})
	wg.Wait()
	require.NoError(t, q.Wait(ctx))
	for p := range got {
		require.Equal(t, items, got[p])
	}
}

// TestConcurrentClose is for the race detector: an item is drained, returned by Close, or refused.
func TestConcurrentClose(t *testing.T) {
	const producers, items = 4, 200
	drained := 0
	q := queue.New(queue.Limits{MaxItems: 8}, func(batch []int) { drained += len(batch) })
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var accepted [producers]int
	var wg sync.WaitGroup
	for p := range producers {
		wg.Go(func() {
			for n := range items {
				switch err := q.PutWait(ctx, n, 1); err {
				case nil:
					accepted[p]++
				case queue.ErrClosed:
					return
				default:
					t.Error(err)
					return
				}
			}
		})
	}
	var left []int
	wg.Go(func() {
		runtime.Gosched()
		left = q.Close()
	})
	wg.Wait()
	require.NoError(t, q.Wait(ctx))
	sum := 0
	for _, n := range accepted {
		sum += n
	}
	require.Equal(t, sum, drained+len(left))
	require.Zero(t, q.Len())
}

func BenchmarkPut(b *testing.B) {
	for _, bm := range []struct {
		name  string
		burst int
	}{{"one", 1}, {"burst32", 32}} {
		b.Run(bm.name, func(b *testing.B) {
			q := queue.New(queue.Limits{}, func([]int) {})
			ctx := b.Context()
			b.ReportAllocs()
			for b.Loop() {
				for n := range bm.burst {
					if err := q.Put(n, 1); err != nil {
						b.Fatal(err)
					}
				}
				if err := q.Wait(ctx); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
