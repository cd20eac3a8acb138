package dev.twofold.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import dev.twofold.family.WindowStyle;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/** Which layers have a window, where a config.json lists the kinds of its layers. */
record LayerKinds(ConfigFile config, Map<String, String> meanings, int layers) {

    private static final Map<String, String> USUAL =
            Map.of(RotaryConfig.FULL, RotaryConfig.FULL, RotaryConfig.SLIDING, RotaryConfig.SLIDING);

    /** Whether each layer has one; empty if there is no list. */
    static Optional<List<Boolean>> sliding(ConfigFile config, WindowStyle window, int layers) {
        LayerKinds kinds = new LayerKinds(config, window.kinds().isEmpty() ? USUAL : window.kinds(), layers);
        Optional<List<Boolean>> listed = kinds.sliding(window.listed(), false);
        Optional<List<Boolean>> repeated = kinds.sliding(window.repeated(), true);
        if (listed.isPresent() && repeated.isPresent() && !listed.equals(repeated)) {
            throw config.wrong(window.listed(), "other kinds of layers than " + window.repeated() + " says")
                    .hint("copy the checkpoint, and remove the wrong one from the copy's config; transformers follows "
                            + window.listed());
        }
        return listed.or(() -> repeated);
    }

    private Optional<List<Boolean>> sliding(String key, boolean repeated) {
        List<String> kinds = key.isEmpty() ? List.of() : repeated ? repeated(key) : config.texts(key);
        kinds.stream().filter(kind -> !meanings.containsKey(kind)).findFirst().ifPresent(kind -> {
            throw config.wrong(key, "unsupported kind of layer")
                    .found(kind + ", layer " + kinds.indexOf(kind))
                    .expected(String.join(" or ", new TreeSet<>(meanings.keySet())));
        });
        if (!kinds.isEmpty() && kinds.size() != layers) {
            throw config.wrong(key, "not a kind for each layer")
                    .found(kinds.size() + " kinds")
                    .expected(layers);
        }
        return Optional.of(kinds).filter(all -> !all.isEmpty()).map(this::sliding);
    }

    private List<Boolean> sliding(List<String> kinds) {
        return kinds.stream()
                .map(meanings::get)
                .map(RotaryConfig.SLIDING::equals)
                .toList();
    }

    /** The kinds of {@code [[["a", "b"], 2]]}: a, b, a, b. A file's numbers may be huge; a few kinds too many are enough. */
    private List<String> repeated(String key) {
        List<String> kinds = new ArrayList<>();
        for (JsonNode run : config.list(key, LayerKinds::isRun, "lists of strings with how often each comes")) {
            for (int time = 0; time < run.get(1).intValue() && kinds.size() <= layers; time++) {
                run.get(0).valueStream().map(JsonNode::textValue).forEach(kinds::add);
            }
        }
        return kinds;
    }

    private static boolean isRun(JsonNode node) {
        JsonNode texts = node.path(0);
        return node.size() == 2
                && texts.isArray()
                && texts.valueStream().allMatch(JsonNode::isTextual)
                && node.path(1).isInt();
    }
}
