// Package rooms knows the members of one namespace and the rooms they are in.
//
// Joining, leaving and selecting a room cost the same however many other rooms
// there are. Selecting costs nothing a member while the room does not change.
package rooms
