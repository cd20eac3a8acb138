package dev.twofold.execution;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Names that emitted graphs are known by, to those who write them and those who run them. */
public final class GraphNames {

    public static final String EXTENSION = ".onnx";
    public static final String MODEL = "model.onnx";
    public static final String DATA = "model.onnx.data";
    /** The same model without KV caches, of the same data. */
    public static final String STATELESS = "stateless.onnx";
    /** Every graph that may be in a directory; the first always is. */
    public static final List<String> GRAPHS = List.of(MODEL, STATELESS);

    public static final String IDS = "input_ids";
    public static final String MASK = "attention_mask";
    public static final String LOGITS = "logits";

    /** The node that takes the last token of each row, of a model that has logits of no other. */
    public static final String LAST_TOKEN = "head/last_token";
    /** Followed by the cache's index, and {@code .key} or {@code .value}. */
    public static final String PAST = "past_key_values.";
    /** Followed by the same as the past that it continues. */
    public static final String PRESENT = "present.";

    /** What begins the names of everything that is about the choices of a router. */
    public static final String ROUTING = "routing.";

    private GraphNames() {}

    /**
     * What a router that can be told what to choose reads and says.
     *
     * @param given the experts to choose, or -1 where it chooses by itself
     * @param own the experts that it would choose
     * @param scores of all experts
     */
    public record Routing(String given, String own, String scores) {}

    public static Routing routing(int router) {
        String name = ROUTING + router;
        return new Routing(name + ".given", name + ".own", name + ".scores");
    }

    /** The file of a model whose place is given: the file itself, or the directory in which it has its usual name. */
    public static Path file(Path place) {
        boolean file = String.valueOf(place.getFileName()).endsWith(EXTENSION) && !Files.isDirectory(place);
        return file ? place : place.resolve(MODEL);
    }
}
