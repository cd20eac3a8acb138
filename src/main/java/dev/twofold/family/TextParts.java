package dev.twofold.family;

import static dev.twofold.family.Family.required;

import dev.twofold.diag.PlainName;
import java.util.List;
import java.util.Map;

/**
 * Models of more than text whose language model alone can be read. Made from {@code text-parts.yaml}.
 *
 * @param wholes by model type
 * @param refused others, by model type, and why
 * @param tensors names of what sees images; {@code *} stands for any characters
 * @param inherited keys that a whole has for its language model
 * @param ofImages keys about images, in files that have everything in one object
 */
public record TextParts(
        Map<String, Whole> wholes,
        Map<String, String> refused,
        List<String> tensors,
        List<String> inherited,
        List<String> ofImages) {

    public TextParts {
        wholes = Map.copyOf(wholes);
        refused = Map.copyOf(refused);
        tensors = List.copyOf(tensors);
        inherited = List.copyOf(inherited);
        ofImages = List.copyOf(ofImages);
    }

    /**
     * One kind of whole.
     *
     * @param text model type of its language model, where nothing is said
     * @param tied whether the head is the embedding, where nothing is said and no other is stored
     * @param inner when it counts what the language model's part says of that; where the whole says nothing, if nothing is said here
     */
    public record Whole(String text, boolean tied, Inner inner) {
        public Whole {
            required("text", text);
            inner = inner == null ? Inner.IF_UNSAID : inner;
        }
    }

    /** When a word of the language model's part counts, beside that of the whole. */
    public enum Inner {
        /** Where the whole says nothing. */
        IF_UNSAID,
        /** Also where the whole says no. */
        IF_DENIED,
        /** Where the class of the part writes a word that the class of the whole does not read. */
        NEVER,
        /** Always, and what the whole says never does: the head is in the part. */
        ALONE;

        public String toString() {
            return PlainName.of(this);
        }
    }
}
