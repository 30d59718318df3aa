/** Every bound of the room in one place: what one client can make the server hold, and for how long. */
import { kiB, miB } from '#lib';

/** Bytes that one request reads or writes, as told to clients (NBD_INFO_BLOCK_SIZE) and as they expect without asking. */
export const maxPayloadBytes = 32 * miB;
/** Requests of one connection that are at work or whose replies the client has not taken yet. */
export const maxRequests = 64;
/** Bytes of their payloads together; one request of any allowed size always fits. */
export const maxRequestBytes = 64 * miB;
/** Buffers of replies that wait for the next ones, of one connection. */
export const maxPooledBytes = 16 * miB;
/** Received and not yet looked at: beyond it nothing is read from the socket. */
export const maxUnreadBytes = 256 * kiB;
/** Data of one option of the handshake. */
export const maxOptionBytes = 16 * kiB;
/** Options before a client has to choose. */
export const maxOptions = 64;
/** A name of an export (the specification's own bound). */
export const maxNameBytes = 4096;
/** Time for the whole handshake. */
export const handshakeMs = 10_000;
/** Extents in one answer about allocation. */
export const maxExtents = 1024;
/** Zeros that are written out, where a client wants no hole, in one piece. */
export const zeroPieceBytes = miB;
/** Clients of one server at a time. */
export const maxConnections = 16;
