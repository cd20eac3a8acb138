package dev.twofold.execution;

/**
 * A point at which the devices of a sharded model exchange a value.
 *
 * @param input the value that a device gives
 * @param output the value that every device gets
 */
public record Exchange(Kind kind, String input, String output) {

    /** What becomes of the devices' values. */
    public enum Kind {
        /** Their sum. */
        SUM,
        /** One after the other along the first axis, in the order of the ranks. */
        GATHER
    }
}
