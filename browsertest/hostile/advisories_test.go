package hostile

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// answers are the tests that show how we answer to something.
type answers struct {
	name  string
	tests []string // rows of this package, or a test elsewhere, as folder/TestName
}

// advisories are the published ones of this family of protocols and of WebSocket
// libraries, each with the tests of its input.
var advisories = []answers{
	{"CVE-2017-16031 GHSA-qv2v-m59f-v5fw", []string{"sid_stays_secret"}},
	{"CVE-2020-28481 GHSA-fxwf-4rqh-v8g3", []string{"E61a_no_cors", "E61w_foreign_origin"}},
	{"CVE-2020-36048 GHSA-j4f2-536g-r55m", []string{"E20_body_over_limit", "E20b_chunked_over_limit"}},
	{"CVE-2020-36049 GHSA-xfhh-g9f5-x4m4", []string{"S16_attachments"}},
	{"CVE-2022-21676 GHSA-273r-mgr4-v34f", []string{"E22x_bytes_behind_upgrade", "E22y_bytes_behind_upgrade_of_session", "E22z_body_of_upgrade"}},
	{"CVE-2022-2421 GHSA-qm95-pgcg-qqfq", []string{"S18_bad_num"}},
	{"CVE-2022-41940 GHSA-r7qp-cfhv-p84w", []string{"E22r_reset_while_rejected"}},
	{"CVE-2023-31125 GHSA-q9mw-68c2-j6m5", []string{"E03w_upgrade_transport_proto"}},
	{"CVE-2023-32695 GHSA-cqmj-92xf-r6r9", []string{"S11b_no_events"}},
	{"CVE-2024-38355 GHSA-25hc-qcg6-38wj", []string{"S10c_no_handler"}},
	{"CVE-2026-33151 GHSA-677m-j7p3-52f9", []string{"S16_attachments", "S17_no_count"}},
	{"CVE-2026-69185 GHSA-2m8v-j782-fhvr", []string{"S15_no_attachments"}},
	{"CVE-2026-59725 GHSA-r635-g3xr-vw7x", []string{"E19_octet_stream"}},
	{"CVE-2016-10518 GHSA-2mhh-w6q8-5hxw CVE-2026-45736 GHSA-58qx-3vcg-4xpx", []string{"E47_ping_between_fragments", "E52b_close"}},
	{"CVE-2016-10542 GHSA-6663-c963-2gqg", []string{"E46_frame_over_limit", "E46b_length_2_63"}},
	{"GHSA-5v72-xg48-5rpm", []string{"E57f_bad_extensions"}},
	{"CVE-2021-32640 GHSA-6fc8-4gx4-v693", []string{"E57h_many_spaces"}},
	{"CVE-2024-37890 GHSA-3h5v-q93c-6h6q", []string{"E57i_many_headers"}},
	{"CVE-2026-48779 GHSA-96hv-2xvq-fx4p", []string{"E47b_many_fragments", "E47c_empty_fragments"}},
	{"CVE-2016-10536 GHSA-4r4m-hjwj-43p8", []string{"browsertest/TestBadPeers"}}, // a certificate that no authority has signed
	{"CVE-2026-48802 GHSA-cgwc-pv48-fhj5", []string{"E32_unasked_pong", "E32b_pongs_postpone_nothing"}},
	{"CVE-2026-48809", []string{"E46_frame_over_limit", "body_of_no_session"}},
	{"CVE-2026-48804", []string{"S02e_attachments_before_connect", "S14c_namespace_not_joined"}},
	{"CVE-2025-61765", []string{"server/adapter/clustertest/TestAdapter", "server/TestBrokenPacketsFromOtherServers"}}, // what servers tell each other is JSON
	{"GO-2020-0019 CVE-2020-27813", []string{"E46b_length_2_63", "E46c_length_sign"}},
	{"GO-2026-4841 CVE-2026-27889 GO-2026-4533 GO-2026-4831", []string{"E46b_length_2_63", "E58_deflate_bomb"}},
}

// lessons are what was reported without such an id, by what we do.
var lessons = []answers{
	{"a revision that is not the session's is refused, by every kind of request", []string{"E66_version_of_live_sid", "E66w_version_of_live_sid"}},
	{"a body over the limit is not delivered in part, and ends the session", []string{"E20b_chunked_over_limit"}},
	{"pings of a peer that does not read queue nothing", []string{"E55_ping_flood"}},
	{"one large message leaves no large buffer behind", []string{"one_large_message_then_idle"}},
	{"abandoned sessions are freed, on polling, while upgrading, and before anything was read", []string{"HB3_abandoned", "HB4_handshakes_alone", "E40_probe_then_silence", "E40b_silence", "SL3_half_a_message"}},
	{"a batch with binary is separated, and base64 that begins like a packet is read as base64", []string{"transport/engineio/TestDecodePayloadKeepsPacketsApart", "E26_base64"}},
	{"writes to a peer that is gone end, and leave no goroutine", []string{"BP1_reader_stopped", "SL5_never_hangs_up", "transport_native/TestSlowPeer"}},
	{"a sleeping client holds up nobody else", []string{"server/TestSlowConsumerDoesNotSlowOthers"}},
	{"a GET that waits never holds up an upgrade", []string{"E37b_poll_while_probing"}},
	{"clients that connect and are lost at once leave nothing", []string{"sockets_come_and_go"}},
}

// TestAdvisories demands that the tests named exist.
func TestAdvisories(t *testing.T) {
	rows := source(t, ".")
	for _, entry := range slices.Concat(advisories, lessons) {
		t.Run(entry.name, func(t *testing.T) {
			require.NotEmpty(t, entry.tests)
			for _, name := range entry.tests {
				folder, test := filepath.Split(name)
				if folder == "" {
					require.True(t, strings.Contains(rows, `{id: "`+name+`"`), name)
					continue
				}
				require.True(t, strings.Contains(source(t, filepath.Join("../..", folder)), "func "+test+"("), name)
			}
		})
	}
}

// source is the text of the tests in a folder.
func source(t *testing.T, folder string) string {
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	require.NoError(t, err)
	var all strings.Builder
	for _, name := range files {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		all.Write(text)
	}
	return all.String()
}
