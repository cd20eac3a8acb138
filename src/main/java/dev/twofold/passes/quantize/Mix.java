package dev.twofold.passes.quantize;

import java.util.List;

/**
 * Which matrices are rounded in another way than the rest.
 *
 * @param summary one line for people
 * @param places a later one goes before an earlier one
 */
public record Mix(String summary, List<Place> places) {

    public Mix {
        places = List.copyOf(places);
    }
}
