package dev.twofold.checkpoint;

import dev.twofold.family.Family;
import dev.twofold.weight.Weight.OnDisk;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Prefixes that names of tensors have from what a model was wrapped in when it was saved: torch.compile, data parallelism,
 * PEFT, or a model of more than text.
 */
final class Wrappers {

    private static final List<String> PREFIXES = List.of(
            "_orig_mod.",
            "module.",
            "base_model.model.",
            "model.language_model.",
            "model.text_model.",
            "language_model.",
            "text_model.");

    /** One in another; a stranger's names may repeat them. */
    private static final int MAX_DEPTH = 4;

    private Wrappers() {}

    /** The tensors by the names that they have in the model itself. */
    static Map<String, OnDisk> removed(Map<String, OnDisk> tensors, Family.Names names) {
        String wrapper = "";
        for (int depth = 0; depth < MAX_DEPTH && !hasLayers(tensors.keySet(), wrapper, names); depth++) {
            String outer = wrapper;
            Optional<String> next = PREFIXES.stream()
                    .filter(prefix -> anyStartsWith(tensors.keySet(), outer + prefix))
                    .findFirst();
            if (next.isEmpty()) {
                return tensors;
            }
            wrapper = outer + next.get();
        }
        return hasLayers(tensors.keySet(), wrapper, names) ? without(wrapper, tensors) : tensors;
    }

    private static boolean hasLayers(Set<String> found, String wrapper, Family.Names names) {
        return names.prefixes().stream()
                .anyMatch(prefix -> anyStartsWith(found, wrapper + prefix + names.layersPrefix()));
    }

    private static boolean anyStartsWith(Set<String> found, String start) {
        return found.stream().anyMatch(name -> name.startsWith(start));
    }

    private static Map<String, OnDisk> without(String wrapper, Map<String, OnDisk> tensors) {
        Map<String, OnDisk> unwrapped = new TreeMap<>();
        tensors.forEach((name, tensor) ->
                unwrapped.put(name.startsWith(wrapper) ? name.substring(wrapper.length()) : name, tensor));
        // Two tensors of one name are told by what is left over then.
        return unwrapped.size() == tensors.size() ? unwrapped : tensors;
    }
}
