package clustertest_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/isosocket/isosocket/server/adapter/clustertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestAdapter(t *testing.T) { clustertest.Run(t, clustertest.New) }
