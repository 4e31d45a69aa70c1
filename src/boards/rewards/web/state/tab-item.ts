/** The item of the tab's storage that says that the tab is a device: it is one again after a reload. */
export const TAB_IS_DEVICE = 'dashboard.device'
