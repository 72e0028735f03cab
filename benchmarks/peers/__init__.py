"""Image Repo's search beside other engines, on the same photographs and in the same run."""
