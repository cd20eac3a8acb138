package dev.twofold.parse;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.diag.NearestName;
import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import java.util.List;
import java.util.stream.Stream;

/**
 * Reads records from YAML. A file may say {@code like: NAME} and hold only what differs from the file of that name which
 * comes with Twofold, and may do the same: mappings are merged key by key, lists and single values replace what is
 * inherited, and a key that is null takes an inherited value away.
 *
 * @param <T> the record
 * @param type its class; keys are its components, in lower case with dashes
 * @param mapper makes it of keys and values
 * @param files that a file may be like
 */
public record RecordYaml<T>(Class<T> type, ObjectMapper mapper, ShippedYaml files) {

    private static final String LIKE = "like";

    /**
     * What a stranger's file says.
     *
     * @param file what to call the text in messages
     * @throws TwofoldException of kind INPUT that names the file, and the line or the key that is wrong
     */
    public T read(String file, String text) {
        return record(file, text, whole(file, text, List.of()));
    }

    /**
     * What a file that comes with Twofold says.
     *
     * @throws IllegalStateException if it is malformed
     */
    public T shipped(String name) {
        return differing(name, JsonNodeFactory.instance.objectNode());
    }

    /**
     * What a file that comes with Twofold says, with what differs from it.
     *
     * @param differences in the keys of the file
     * @throws IllegalStateException if one of both is malformed
     */
    public T differing(String name, ObjectNode differences) {
        String text = files.text(name);
        try {
            return record(name, text, Overlay.of(whole(name, text, List.of(name)), differences));
        } catch (TwofoldException e) {
            throw malformed(name, e);
        }
    }

    /**
     * The keys and values of a file, and those that it inherits.
     *
     * @param followed the shipped files that led here
     */
    private ObjectNode whole(String file, String text, List<String> followed) {
        ObjectNode own = PlainYaml.tree(file, text);
        requireKnownKeys(file, text, own);
        JsonNode like = own.remove(LIKE);
        if (like == null) {
            return own;
        }
        String name = like.isTextual() ? like.textValue() : "";
        if (!files.names().contains(name)) {
            throw TwofoldException.input("'" + LIKE + "' should name " + files.kind() + " that comes with Twofold")
                    .at(place(file, text, List.of(LIKE)))
                    .found(like)
                    .hint(NearestName.hint(name, files.names()));
        }
        return Overlay.of(inherited(name, followed), own);
    }

    private ObjectNode inherited(String name, List<String> followed) {
        List<String> names = Stream.concat(followed.stream(), Stream.of(name)).toList();
        if (followed.contains(name)) {
            throw new IllegalStateException("files that are like one another: " + String.join(", ", names));
        }
        try {
            return whole(name, files.text(name), names);
        } catch (TwofoldException e) {
            throw malformed(name, e);
        }
    }

    private IllegalStateException malformed(String name, TwofoldException cause) {
        return new IllegalStateException("malformed resource " + files.folder() + name + ".yaml", cause);
    }

    private void requireKnownKeys(String file, String text, ObjectNode own) {
        UnknownKeys.first(own, type, LIKE).ifPresent(unknown -> {
            throw TwofoldException.input("unknown key '" + unknown.key() + "'")
                    .at(place(file, text, unknown.path()))
                    .hint(unknown.hint());
        });
    }

    private T record(String file, String text, ObjectNode whole) {
        try {
            return mapper.treeToValue(whole, type);
        } catch (JsonMappingException e) {
            List<String> path = BindingFailure.path(e);
            throw TwofoldException.input(
                            path.isEmpty()
                                    ? "not a description of " + files.kind()
                                    : "wrong value for " + String.join(".", path))
                    .at(place(file, text, path))
                    .found(BindingFailure.reason(e))
                    .hint("compare the file with those that come with Twofold")
                    .cause(e);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("reading from memory", e);
        }
    }

    private static Origin place(String file, String text, List<String> path) {
        return KeyLine.of(text, path).stream()
                .mapToObj(line -> Origin.line(file, line))
                .findFirst()
                .orElseGet(() -> new Origin(file, List.of(), ""));
    }
}
