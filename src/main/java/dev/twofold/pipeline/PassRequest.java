package dev.twofold.pipeline;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.diag.TwofoldException;

/**
 * A pass that someone asked for, not checked yet.
 *
 * @param name the pass's name
 * @param options its options, perhaps none
 * @param origin where it was asked for: a file and line, or an option of the command line
 * @param blame whether a mistake in it is the file's or the command line's
 */
public record PassRequest(String name, ObjectNode options, String origin, TwofoldException.Kind blame) {

    /** A request that Twofold makes itself. */
    static PassRequest own(String name, ObjectNode options) {
        return new PassRequest(name, options, "inspection", TwofoldException.Kind.INPUT);
    }

    /** The same request with other options, which came from elsewhere. */
    public PassRequest with(ObjectNode others, String source) {
        return new PassRequest(name, others, source, TwofoldException.Kind.USAGE);
    }
}
